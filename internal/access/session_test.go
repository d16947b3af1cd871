package access_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"traid/internal/access"
	"traid/internal/sqldb"
	"traid/internal/sqldb/sqldbtest"
)

// office is a service that shows what a session holds, and whose answers are as
// slow as a test wants.
type office struct {
	t         *testing.T
	db        *sqldb.DB
	url       string
	jar       http.CookieJar
	came, end chan struct{} // of /slow: it has its session; it may go on
}

func eachOffice(t *testing.T, test func(o *office)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		m := access.NewSessions(access.New(db, time.Now), "test", false)
		o := &office{t: t, db: db, came: make(chan struct{}), end: make(chan struct{})}
		srv := httptest.NewServer(access.LoadAndSave(m)(o.handler(m)))
		t.Cleanup(srv.Close)
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		o.url, o.jar = srv.URL, jar
		test(o)
	}, access.Migrations)
}

func (o *office) handler(m *scs.SessionManager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/put/{key}/{value}", func(_ http.ResponseWriter, r *http.Request) {
		m.Put(r.Context(), r.PathValue("key"), r.PathValue("value"))
	})
	mux.HandleFunc("/remove/{key}", func(_ http.ResponseWriter, r *http.Request) { m.Remove(r.Context(), r.PathValue("key")) })
	mux.HandleFunc("/rename", func(_ http.ResponseWriter, r *http.Request) {
		if err := m.RenewToken(r.Context()); err != nil {
			o.t.Error(err)
		}
	})
	mux.HandleFunc("/end", func(_ http.ResponseWriter, r *http.Request) {
		if err := m.Destroy(r.Context()); err != nil {
			o.t.Error(err)
		}
	})
	mux.HandleFunc("/get/{key}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, m.GetString(r.Context(), r.PathValue("key")))
	})
	quick := mux
	slow := http.NewServeMux()
	slow.Handle("/", quick)
	slow.HandleFunc("/slow/", func(w http.ResponseWriter, r *http.Request) {
		m.GetString(r.Context(), "answer")
		o.came <- struct{}{}
		<-o.end
		http.StripPrefix("/slow", quick).ServeHTTP(w, r)
	})
	return slow
}

func (o *office) ask(path string) string {
	o.t.Helper()
	resp, err := (&http.Client{Jar: o.jar}).Get(o.url + path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		o.t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
	return string(raw)
}

// during asks for a path slowly, and for others before its answer comes.
func (o *office) during(path string, others ...string) {
	o.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.ask("/slow" + path)
	}()
	<-o.came
	for _, other := range others {
		o.ask(other)
	}
	o.end <- struct{}{}
	<-done
}

func (o *office) holds(key, want string) {
	o.t.Helper()
	if got := o.ask("/get/" + key); got != want {
		o.t.Errorf("the session holds %q as its %s, want %q", got, key, want)
	}
}

func (o *office) at() *url.URL {
	u, err := url.Parse(o.url)
	if err != nil {
		o.t.Fatal(err)
	}
	return u
}

func (o *office) cookies() []*http.Cookie { return o.jar.Cookies(o.at()) }

func TestASlowAnswerBringsNothingBackThatWasTakenOut(t *testing.T) {
	for what, slow := range map[string]string{
		"a page that changes nothing":       "/get/answer",
		"a form that is saved":              "/put/other/late",
		"a form that saves the same answer": "/put/answer/late",
	} {
		t.Run(what, func(t *testing.T) {
			eachOffice(t, func(o *office) {
				o.ask("/put/answer/typed")
				o.ask("/put/stays/here")
				o.during(slow, "/remove/answer", "/put/new/now")
				o.holds("answer", "")
				o.holds("new", "now")
				o.holds("stays", "here")
			})
		})
	}
}

func TestWhatTwoAnswersChangeAtOnceIsBothKept(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.ask("/put/both/0")
		o.during("/put/one/1", "/put/two/2")
		o.during("/remove/both", "/put/three/3")
		o.holds("one", "1")
		o.holds("two", "2")
		o.holds("three", "3")
		o.holds("both", "")
	})
}

func TestASessionThatEndedStaysEnded(t *testing.T) {
	for _, slow := range []string{"/get/answer", "/put/other/late"} {
		t.Run(slow, func(t *testing.T) {
			eachOffice(t, func(o *office) {
				o.ask("/put/answer/typed")
				before := o.cookies()
				o.during(slow, "/end")
				o.jar.SetCookies(o.at(), before) // of whoever still has it
				o.holds("answer", "")
				o.holds("other", "")
			})
		})
	}
}

func TestASessionWithAnotherNameKeepsItAndItsOldNameIsNobodys(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.ask("/put/answer/typed")
		before := o.cookies()
		o.during("/put/other/late", "/rename")
		if after := o.cookies(); after[0].Value == before[0].Value {
			t.Fatal("the slow answer gave the browser the old name")
		}
		o.holds("answer", "typed")
		o.jar.SetCookies(o.at(), before)
		o.holds("answer", "")
		o.holds("other", "")
	})
}
