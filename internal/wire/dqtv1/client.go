package dqtv1

import (
	"context"
	"net/http"

	"traid/internal/fault"
	"traid/internal/httpd"
)

// Client calls the register service. Errors are faults: fault.NotFound is "no
// such record", fault.Unavailable is "could not ask", which says nothing about
// any record.
type Client struct{ http *httpd.Client }

// NewClient gives a client. Name, when empty, becomes "register".
func NewClient(o httpd.ClientOptions) *Client {
	if o.Name == "" {
		o.Name = "register"
	}
	return &Client{http: httpd.NewClient(o)}
}

// Find runs the automatic check (scope identify).
func (c *Client) Find(ctx context.Context, claim Claim) (FindResult, error) {
	var out FindResult
	err := c.post(ctx, "find", claim, &out)
	return out, err
}

// Candidates gives the records that may be the claimant's, the likeliest first (scope identify).
func (c *Client) Candidates(ctx context.Context, in CandidatesRequest) (CandidatesResult, error) {
	var out CandidatesResult
	err := c.post(ctx, "candidates", in, &out)
	return out, err
}

// Search searches the register freely (scope search).
func (c *Client) Search(ctx context.Context, in SearchRequest) (SearchResult, error) {
	var out SearchResult
	err := c.post(ctx, "search", in, &out)
	return out, err
}

// Show gives the record of a TRN, a merged one's survivor (scope identify); fault.NotFound without one.
func (c *Client) Show(ctx context.Context, trn string) (ShowResult, error) {
	var out ShowResult
	err := c.post(ctx, "show", TRNRequest{TRN: trn}, &out)
	return out, err
}

// AlertExists tells whether the record of a TRN has an open alert (scope
// alert-exists); fault.NotFound without a record. An answer that says neither
// is fault.Unavailable: it must not be taken for "none".
func (c *Client) AlertExists(ctx context.Context, trn string) (AlertExistsResult, error) {
	var out struct {
		AlertExistsResult
		OpenAlert *bool `json:"open_alert"`
	}
	if err := c.post(ctx, "alert-exists", TRNRequest{TRN: trn}, &out); err != nil {
		return AlertExistsResult{}, err
	}
	if out.OpenAlert == nil {
		return AlertExistsResult{}, fault.New(fault.Unavailable, "The register's answer cannot be read.")
	}
	out.AlertExistsResult.OpenAlert = *out.OpenAlert
	return out.AlertExistsResult, nil
}

func (c *Client) post(ctx context.Context, what string, in, out any) error {
	return c.http.Do(ctx, http.MethodPost, "/api/v1/teachers/"+what, in, out)
}
