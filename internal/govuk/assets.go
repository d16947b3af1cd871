package govuk

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed dist
var dist embed.FS

//go:embed init.js traid.css favicon.svg
var own embed.FS

// fontFace and crest are the parts of the styles that only a service on GOV.UK may show: the font and the royal arms.
var (
	fontFace = regexp.MustCompile(`@font-face\{[^}]*\}`)
	crest    = regexp.MustCompile(`url\(/assets/[^)]*\)`)
)

const (
	assetsPath = "/assets/"
	styles     = "govuk-frontend.min.css"
	script     = "govuk-frontend.min.js"
)

type assetSet struct {
	// hash is of every name and content: one folder holds files that name each other.
	hash  string
	files map[string][]byte
}

var assets = sync.OnceValue(func() assetSet {
	files := map[string][]byte{}
	for root, from := range map[string]fs.FS{"dist": dist, ".": own} {
		names, _ := fs.ReadDir(from, root)
		for _, n := range names {
			if n.IsDir() || n.Name() == "placeholder.txt" {
				continue
			}
			content, err := fs.ReadFile(from, path.Join(root, n.Name()))
			if err == nil { // an embedded file is always there
				files[n.Name()] = content
			}
		}
	}
	if css, ok := files[styles]; ok {
		files[styles] = crest.ReplaceAll(fontFace.ReplaceAll(css, nil), []byte("none"))
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = sum.Write([]byte(name + "\x00"))
		_, _ = sum.Write(files[name])
	}
	return assetSet{hash: hex.EncodeToString(sum.Sum(nil))[:16], files: files}
})

// Missing tells whether the program was built without govuk-frontend's files: pages work, but without their looks.
func Missing() bool {
	_, css := assets().files[styles]
	_, js := assets().files[script]
	return !css || !js
}

// AssetURL gives the address of an asset, which changes with any of them.
func AssetURL(name string) string { return assetsPath + assets().hash + "/" + name }

// Assets serves the styles and scripts below /assets/, to be kept for good by whoever asks.
func Assets() http.Handler {
	set := assets()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, assetsPath), "/")
		content, ok := set.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if hash == set.hash {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} // a page of another version is served, but not remembered
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		if r.Method == http.MethodHead {
			return
		}
		_, _ = w.Write(content)
	})
}
