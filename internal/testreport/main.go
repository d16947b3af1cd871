// Command testreport reads `go test -json` and prints a line a package, the
// output of what failed, and a closing line of the tests run. It fails when a
// test failed, a package did not build, or no test ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a build's output
	Elapsed                       float64
}

func main() { os.Exit(report(os.Stdin, os.Stdout)) }

func report(in io.Reader, out io.Writer) int {
	passed, failed, skipped := 0, 0, 0
	broken := false
	said := map[string][]string{} // output by package and test
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output":
			fmt.Fprint(out, e.Output)
		case e.Action == "build-fail":
			broken = true
		case e.Action == "output":
			said[key] = append(said[key], e.Output)
		case e.Test == "" && (e.Action == "pass" || e.Action == "fail"):
			fmt.Fprintf(out, "%-5s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
			if e.Action == "fail" {
				broken = true
				print(out, said[key])
			}
		case e.Action == "pass":
			passed++
		case e.Action == "skip" && e.Test != "":
			skipped++
			print(out, said[key])
		case e.Action == "fail":
			failed++
			print(out, said[key])
		}
		if e.Action == "pass" {
			delete(said, key)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if lines.Err() != nil || broken || failed > 0 || passed == 0 {
		return 1
	}
	return 0
}

func print(out io.Writer, lines []string) {
	for _, l := range lines {
		fmt.Fprint(out, l)
	}
}
