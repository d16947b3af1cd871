package govuk

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const sampleCSS = "@font-face{font-family:F;src:url(/assets/fonts/f.woff2)}.a{color:red}.b{background-image:url(/assets/images/arms.svg)}"

func sampleAssets(t *testing.T, css, js string) assetSet {
	t.Helper()
	design := fstest.MapFS{"dist/placeholder.txt": {Data: []byte("x")}}
	if css != "" {
		design["dist/"+styles] = &fstest.MapFile{Data: []byte(css)}
	}
	if js != "" {
		design["dist/"+script] = &fstest.MapFile{Data: []byte(js)}
	}
	set, err := gather(design, fstest.MapFS{"init.js": {Data: []byte("start()")}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAssetsAreServed(t *testing.T) {
	long := strings.Repeat("export{};", 1000)
	set := sampleAssets(t, sampleCSS, long)
	const forGood = "public, max-age=31536000, immutable"
	for name, c := range map[string]struct {
		path, accept string
		status       int
		cache, body  string
		contentType  string
		encoding     string
	}{
		"for good under their own hash": {path: set.url("init.js"), status: 200, cache: forGood, body: "start()", contentType: "javascript"},
		"once under another version's":  {path: "/assets/0123456789abcdef/init.js", status: 200, body: "start()"},
		"without the font and the arms": {path: set.url(styles), status: 200, cache: forGood, body: ".a{color:red}.b{background-image:none}", contentType: "text/css"},
		"whole to who cannot unzip":     {path: set.url(script), status: 200, cache: forGood, body: long},
		"zipped when they are long":     {path: set.url(script), accept: "br, gzip", status: 200, cache: forGood, encoding: "gzip"},
		"plain when they are short":     {path: set.url("init.js"), accept: "gzip", status: 200, cache: forGood, body: "start()"},
		"only those":                    {path: set.url("other.css"), status: 404},
		"but for the placeholder":       {path: set.url("placeholder.txt"), status: 404},
		"and no folder":                 {path: "/assets/", status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			set.ServeHTTP(w, r)
			got := w.Result().Header
			if w.Code != c.status || got.Get("Cache-Control") != c.cache || got.Get("Content-Encoding") != c.encoding {
				t.Fatalf("%s: %d, cached %q, encoded %q; want %d, %q, %q", c.path, w.Code, got.Get("Cache-Control"), got.Get("Content-Encoding"), c.status, c.cache, c.encoding)
			}
			if c.body != "" && w.Body.String() != c.body {
				t.Errorf("%s: %q, want %q", c.path, w.Body.String(), c.body)
			}
			if !strings.Contains(got.Get("Content-Type"), c.contentType) {
				t.Errorf("%s: type %q, want %q", c.path, got.Get("Content-Type"), c.contentType)
			}
		})
	}
}

func TestTheCrownComesOnlyWhereItIsBuiltIn(t *testing.T) {
	const logo = "<svg></svg>"
	crowned, err := gather(fstest.MapFS{styles: {Data: []byte(sampleCSS)}, crownLogo: {Data: []byte(logo)}, "f.woff2": {Data: []byte("f")}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "@font-face{font-family:F;src:url(f.woff2)}.a{color:red}.b{background-image:url(arms.svg)}"
	if got := string(crowned.files[styles].plain); got != want {
		t.Errorf("styles with the crown: %s, want %s", got, want)
	}
	for name, c := range map[string]struct {
		crown, want, never string
	}{
		"with":    {crowned.crown, logo, "Records"},
		"without": {sampleAssets(t, sampleCSS, "").crown, "Records", "<svg"},
	} {
		var b strings.Builder
		if err := header(c.crown, GenericHeaderOptions{LogoText: "Records"}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), c.never) {
			t.Errorf("%s the crown the header is %s", name, b.String())
		}
	}
}

func TestAnAssetsAddressChangesWithAnyOfThem(t *testing.T) {
	one, same, other := sampleAssets(t, "a{}", "b"), sampleAssets(t, "a{}", "b"), sampleAssets(t, "a{}", "c")
	if one.url(styles) != same.url(styles) || one.url(styles) == other.url(styles) {
		t.Errorf("%s, the same %s, another %s", one.url(styles), same.url(styles), other.url(styles))
	}
}

func TestMissingAssetsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		css, js string
		missing bool
	}{
		"both there": {"a{}", "b", false}, "no styles": {"", "b", true}, "no script": {"a{}", "", true}, "neither": {"", "", true},
	} {
		if got := sampleAssets(t, c.css, c.js).missing(); got != c.missing {
			t.Errorf("%s: missing %v", name, got)
		}
	}
}
