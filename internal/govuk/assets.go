package govuk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed dist
var dist embed.FS

//go:embed init.js signs_out.js traid.css favicon.svg
var own embed.FS

// fontFace and file are the parts of the styles that only a service on GOV.UK may show: its font and the royal arms.
var (
	fontFace = regexp.MustCompile(`@font-face\{[^}]*\}`)
	file     = regexp.MustCompile(`url\(/assets/[a-z]+/([^)]*)\)`)
)

const (
	assetsPath = "/assets/"
	styles     = "govuk-frontend.min.css"
	script     = "govuk-frontend.min.js"
	// crownLogo is there when `make build CROWN=yes` was asked for, with the font and the arms.
	crownLogo = "crown.html"
	// shortestZipped is the size from which on an asset is worth zipping.
	shortestZipped = 1400
)

// assetSet holds assets in one folder, so that they can name each other.
type assetSet struct {
	// hash is of every name and content.
	hash  string
	files map[string]asset
	// crown is GOV.UK's logo, drawn in the header where it was built in.
	crown string
}

type asset struct{ plain, zipped []byte }

var assets = sync.OnceValue(func() assetSet {
	set, err := gather(own, dist)
	if err != nil {
		panic(err) // an embedded file can always be read
	}
	return set
})

// gather reads assets; of one name, the last source's counts.
func gather(sources ...fs.FS) (assetSet, error) {
	contents := map[string][]byte{}
	for _, source := range sources {
		err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() == "placeholder.txt" {
				return err
			}
			content, err := fs.ReadFile(source, path)
			if err != nil {
				return err
			}
			contents[entry.Name()] = content
			return nil
		})
		if err != nil {
			return assetSet{}, fmt.Errorf("govuk: assets: %w", err)
		}
	}
	set := assetSet{files: map[string]asset{}, crown: string(contents[crownLogo])}
	delete(contents, crownLogo)
	if css, ok := contents[styles]; ok {
		if set.crown == "" {
			css = file.ReplaceAll(fontFace.ReplaceAll(css, nil), []byte("none"))
		}
		contents[styles] = file.ReplaceAll(css, []byte("url($1)"))
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		content := contents[name]
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		set.files[name] = asset{plain: content, zipped: zipped(content)}
	}
	set.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return set, nil
}

// zipped gives nil for what is too short to gain.
func zipped(content []byte) []byte {
	if len(content) < shortestZipped {
		return nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// Missing tells whether the program was built without govuk-frontend's files: pages work, but without their looks. `make build` copies them.
func Missing() bool { return assets().missing() }

func (s assetSet) missing() bool { return s.files[styles].plain == nil || s.files[script].plain == nil }

// AssetURL gives the address of an asset, which changes with any of them.
func AssetURL(name string) string { return assets().url(name) }

func (s assetSet) url(name string) string { return assetsPath + s.hash + "/" + name }

// Assets serves the styles and scripts below /assets/, to be kept for good by whoever asks.
func Assets() http.Handler { return assets() }

func (s assetSet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, assetsPath), "/")
	found, ok := s.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if hash == s.hash { // a page of another version is served too, but does not remember it
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	content := found.plain
	if found.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		content = found.zipped
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
