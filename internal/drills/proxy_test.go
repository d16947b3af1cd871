package drills

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// when is the moment of a call at which something happens to it.
type when string

const (
	before    when = "before it arrived"
	committed when = "after it was done and before its answer"
	answered  when = "as its answer was written"
)

// call tells which calls are meant.
type call struct {
	method string
	path   string // how it begins
}

var (
	creation = call{http.MethodPost, "/api/v2/tickets"}
	change   = call{http.MethodPut, "/api/v2/tickets/"}
	export   = call{http.MethodGet, "/api/v2/incremental/"} // the helpdesk's list of changes, which every sweep asks for
	lookup   = call{http.MethodPost, "/api/v1/teachers/show"}
	anything = call{}
)

func (c call) fits(r *http.Request) bool {
	return (c.method == "" || r.Method == c.method) && strings.HasPrefix(r.URL.Path, c.path)
}

// trouble is what a proxy does to calls.
type trouble struct {
	call call
	when when
	// spare is how many calls come before the first that it meets.
	spare int
	// once ends the trouble with the first call that it meets.
	once bool
	// status is answered in the place of the service's answer; 0: the connection breaks.
	status int
	// body goes with the status.
	body string
	// met is called at the moment.
	met func()
}

// proxy stands between a child and a service.
type proxy struct {
	*httptest.Server
	service http.Handler

	mu      sync.Mutex
	trouble *trouble
	met     int            // calls that met trouble, without those for an export
	done    map[string]int // calls that the service did, by method and path
}

func newProxy(t *testing.T, service http.Handler) *proxy {
	p := &proxy{service: service, done: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// begin lets a trouble begin; nil ends it.
func (p *proxy) begin(t *trouble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble, p.met = t, 0
}

// troubled is how many calls for some request's sake have met the trouble.
func (p *proxy) troubled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}

// count is how many calls of a kind the service has done.
func (p *proxy) count(c call) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for what, times := range p.done {
		method, path, _ := strings.Cut(what, " ")
		if method == c.method && strings.HasPrefix(path, c.path) {
			n += times
		}
	}
	return n
}

// meets gives the trouble that a call is in, nil for none.
func (p *proxy) meets(r *http.Request) *trouble {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trouble
	if t == nil || !t.call.fits(r) {
		return nil
	}
	if t.spare > 0 {
		t.spare--
		return nil
	}
	if !export.fits(r) { // which is asked all the time, whatever is to be done
		p.met++
	}
	if t.once {
		p.trouble = nil
	}
	return t
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the child died while it sent
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	t := p.meets(r)
	if t == nil {
		t = &trouble{}
	}
	if t.when == before {
		t.strike(w)
		return
	}
	answer := httptest.NewRecorder()
	p.service.ServeHTTP(answer, r)
	p.mu.Lock()
	p.done[r.Method+" "+r.URL.Path]++
	p.mu.Unlock()
	if t.when == committed {
		t.strike(w)
		return
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	_ = http.NewResponseController(w).Flush()
	if t.when == answered {
		t.strike(w)
	}
}

// strike does what the trouble is.
func (t *trouble) strike(w http.ResponseWriter) {
	if t.met != nil {
		t.met()
	}
	switch {
	case t.when == answered:
	case t.status == 0:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "application/json")
		if t.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(t.status)
		_, _ = io.WriteString(w, t.body)
	}
}
