package govuk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

//go:embed dist
var dist embed.FS

//go:embed init.js traid.css favicon.svg
var own embed.FS

// fontFace and picture are the parts of the styles that only a service on GOV.UK may show: its font and the royal arms.
var (
	fontFace = regexp.MustCompile(`@font-face\{[^}]*\}`)
	picture  = regexp.MustCompile(`url\(/assets/[^)]*\)`)
)

const (
	assetsPath = "/assets/"
	styles     = "govuk-frontend.min.css"
	script     = "govuk-frontend.min.js"
	// shortestZipped is the size from which on an asset is worth zipping.
	shortestZipped = 1400
)

// assetSet holds assets in one folder, so that they can name each other.
type assetSet struct {
	// hash is of every name and content.
	hash  string
	files map[string]asset
}

type asset struct{ plain, zipped []byte }

var assets = sync.OnceValue(func() assetSet {
	set, err := gather(dist, own)
	if err != nil {
		panic(err) // an embedded file can always be read
	}
	return set
})

// gather reads the design system's assets and our own.
func gather(sources ...fs.FS) (assetSet, error) {
	set := assetSet{files: map[string]asset{}}
	sum := sha256.New()
	for _, source := range sources {
		err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() == "placeholder.txt" {
				return err
			}
			content, err := fs.ReadFile(source, path)
			if err != nil {
				return err
			}
			if entry.Name() == styles {
				content = picture.ReplaceAll(fontFace.ReplaceAll(content, nil), []byte("none"))
			}
			fmt.Fprintf(sum, "%s %d\n%s", entry.Name(), len(content), content)
			set.files[entry.Name()] = asset{plain: content, zipped: zipped(content)}
			return nil
		})
		if err != nil {
			return assetSet{}, fmt.Errorf("govuk: assets: %w", err)
		}
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
	file, ok := s.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if hash == s.hash { // a page of another version is served too, but does not remember it
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	content := file.plain
	if file.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		content = file.zipped
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
