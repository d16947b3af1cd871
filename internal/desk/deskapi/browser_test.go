package deskapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"traid/internal/desk/deskapi"
	"traid/internal/govuk/govuktest"
	"traid/internal/httpd"
)

func TestThePageCanBeUsedByEverybody(t *testing.T) {
	mux := http.NewServeMux()
	deskapi.Mount(mux, nil, nil, deskapi.Options{})
	site, err := httpd.Site(mux, httpd.SiteOptions{Service: "desk", LenientOrigin: true})
	if err != nil {
		t.Fatal(err)
	}
	album := govuktest.NewAlbum("desk", deskapi.PagePattern)
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	page := govuktest.Answer{Method: http.MethodGet, Path: "/", Status: answer.Code, Header: answer.Header(), Body: answer.Body.String()}
	album.Saw(page)
	album.Keep("desk", page)
	album.Inspect(t, govuktest.Options{
		Footer:   []string{"#privacy", "#cookies", "#accessibility", "#contact"},
		Statuses: "everything else that the desk answers is for programs",
	})
}
