// Package dqtapi is the register service's HTTP API: it turns what goes over
// the wire into the register's own words and back. It has no rules.
package dqtapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"traid/internal/dqt"
	"traid/internal/dqt/match"
	"traid/internal/fault"
	"traid/internal/httpd"
	"traid/internal/person"
	wire "traid/internal/wire/dqtv1"
)

// Description stands at the head of the OpenAPI document.
const Description = "The register of teachers: the automatic check of a claim, ranked candidates, free search, records and alerts."

// body is a request or an answer: it carries people's data, so every operation is a POST.
type body[T any] struct{ Body T }

// Mount puts the register's operations onto an API.
func Mount(api *httpd.API, svc *dqt.Service) {
	h := handlers{svc}
	httpd.Register(api, op("find", wire.ScopeIdentify, "The automatic check of a claim"), h.find)
	httpd.Register(api, op("candidates", wire.ScopeIdentify, "Records that may be a claimant's, ranked, with the evidence"), h.candidates)
	httpd.Register(api, op("search", wire.ScopeSearch, "Free search of the register"), h.search)
	show := op("show", wire.ScopeIdentify, "The record of a TRN")
	show.Errors = []int{http.StatusNotFound}
	httpd.Register(api, show, h.show)
	exists := op("alert-exists", wire.ScopeAlertExists, "Whether a record has an open alert")
	exists.Errors = []int{http.StatusNotFound}
	httpd.Register(api, exists, h.alertExists)
}

func op(name, scope, summary string) huma.Operation {
	return huma.Operation{
		OperationID: "teachers-" + name, Method: http.MethodPost, Path: "/api/v1/teachers/" + name,
		Summary: summary, Security: httpd.Scope(scope), Tags: []string{"teachers"},
	}
}

type handlers struct{ svc *dqt.Service }

func (h handlers) find(ctx context.Context, in *body[wire.Claim]) (*body[wire.FindResult], error) {
	r, err := h.svc.Find(ctx, claimOf(in.Body))
	if err != nil {
		return nil, err
	}
	if !r.Matched() {
		return &body[wire.FindResult]{wire.FindResult{Result: wire.NoMatch, Reason: string(r.Reason)}}, nil
	}
	return &body[wire.FindResult]{wire.FindResult{Result: wire.Match, TRN: r.TRN.Reveal(), Basis: string(r.Basis)}}, nil
}

func (h handlers) candidates(ctx context.Context, in *body[wire.CandidatesRequest]) (*body[wire.CandidatesResult], error) {
	caller := httpd.CallerFrom(ctx)
	ranked, err := h.svc.Candidates(ctx, dqt.Asker{Client: caller.Client, Case: in.Body.Case, Purpose: in.Body.Purpose}, claimOf(in.Body.Claim), in.Body.Limit)
	if err != nil {
		return nil, err
	}
	out := wire.CandidatesResult{Candidates: []wire.Candidate{}, RegisterAsAt: instant(ranked.AsAt)}
	for _, c := range ranked.Candidates {
		one := wire.Candidate{Record: h.recordOf(c.Record, caller), Bits: float64(c.Bits), Probability: c.Probability, Evidence: []wire.Evidence{}}
		for _, e := range c.Evidence {
			one.Evidence = append(one.Evidence, evidenceOf(e, caller))
		}
		out.Candidates = append(out.Candidates, one)
	}
	return &body[wire.CandidatesResult]{out}, nil
}

func (h handlers) search(ctx context.Context, in *body[wire.SearchRequest]) (*body[wire.SearchResult], error) {
	caller := httpd.CallerFrom(ctx)
	var after person.TRN
	if in.Body.After != "" {
		var err error
		if after, err = person.NewTRN(in.Body.After); err != nil {
			return nil, fault.InvalidFields(fault.Field{Pointer: "/after", Reason: "is not a TRN"})
		}
	}
	page, err := h.svc.Search(ctx, dqt.Asker{Client: caller.Client, Case: in.Body.Case, Purpose: in.Body.Purpose}, dqt.Query{
		Text: dqt.NewText(in.Body.Query), Status: dqt.Status(in.Body.Status), From: in.Body.BornFrom, To: in.Body.BornTo, Limit: in.Body.Limit, After: after,
	})
	if err != nil {
		return nil, err
	}
	out := wire.SearchResult{Records: []wire.Found{}, RegisterAsAt: instant(page.AsAt)}
	for _, f := range page.Records {
		out.Records = append(out.Records, wire.Found{Record: h.recordOf(f.Record, caller), FoundBy: f.FoundBy})
	}
	return &body[wire.SearchResult]{out}, nil
}

func (h handlers) show(ctx context.Context, in *body[wire.TRNRequest]) (*body[wire.ShowResult], error) {
	trn, err := trnOf(in.Body)
	if err != nil {
		return nil, err
	}
	shown, err := h.svc.Show(ctx, trn)
	if err != nil {
		return nil, err
	}
	out := wire.ShowResult{Record: h.recordOf(shown.Record, httpd.CallerFrom(ctx)), RegisterAsAt: instant(shown.AsAt)}
	if !shown.MergedFrom.IsZero() {
		from := shown.MergedFrom.Reveal()
		out.MergedFrom = &from
	}
	return &body[wire.ShowResult]{out}, nil
}

func (h handlers) alertExists(ctx context.Context, in *body[wire.TRNRequest]) (*body[wire.AlertExistsResult], error) {
	trn, err := trnOf(in.Body)
	if err != nil {
		return nil, err
	}
	state, asAt, err := h.svc.AlertExists(ctx, trn)
	if err != nil {
		return nil, err
	}
	return &body[wire.AlertExistsResult]{wire.AlertExistsResult{OpenAlert: state != "", State: state, AsAt: instant(asAt)}}, nil
}

func trnOf(in wire.TRNRequest) (person.TRN, error) {
	trn, err := person.NewTRN(in.TRN)
	if err != nil {
		return person.TRN{}, fault.InvalidFields(fault.Field{Pointer: "/trn", Reason: "is not a TRN"})
	}
	return trn, nil
}

func claimOf(c wire.Claim) dqt.Claim {
	out := dqt.Claim{
		FirstName: dqt.NewText(c.FirstName), LastName: dqt.NewText(c.LastName), DateOfBirth: dqt.NewText(c.DateOfBirth),
		NINO: dqt.NewText(c.NationalInsuranceNumber), TRN: dqt.NewText(c.TRN), Email: dqt.NewText(c.Email),
	}
	for _, p := range c.PreviousNames {
		out.PreviousNames = append(out.PreviousNames, dqt.ClaimedName{First: dqt.NewText(p.FirstName), Last: dqt.NewText(p.LastName)})
	}
	return out
}

// recordOf shows a caller what its scopes allow of a record.
func (h handlers) recordOf(r dqt.Record, caller httpd.Caller) wire.Record {
	out := wire.Record{
		TRN: r.TRN.Reveal(), Status: string(r.Status), FirstName: r.FirstName.Reveal(), MiddleName: r.MiddleName.Reveal(), LastName: r.LastName.Reveal(),
		PreviousNames: []wire.Name{}, DateOfBirth: day(r.DateOfBirth), QTSDate: day(r.QTSDate), NationalInsuranceNumbers: []string{},
	}
	for _, p := range r.PreviousNames {
		out.PreviousNames = append(out.PreviousNames, wire.Name{FirstName: p.First.Reveal(), LastName: p.Last.Reveal()})
	}
	for _, n := range r.NINOs {
		out.NationalInsuranceNumbers = append(out.NationalInsuranceNumbers, masked(n.Reveal(), caller))
	}
	if !caller.Has(wire.ScopeAlerts) {
		return out
	}
	for _, a := range r.Alerts {
		kind, _ := dqt.AlertTypeOf(a.Code)
		one := wire.Alert{
			Code: a.Code, Category: kind.Category, Name: kind.Name, Prohibition: kind.Prohibition, Internal: kind.Internal,
			Start: a.Start.Reveal(), Details: a.Details.Reveal(), Open: h.svc.IsOpen(a),
		}
		if !a.End.IsZero() {
			end := a.End.Reveal()
			one.End = &end
		}
		out.Alerts = append(out.Alerts, one)
	}
	return out
}

func evidenceOf(e match.Evidence, caller httpd.Caller) wire.Evidence {
	out := wire.Evidence{Field: string(e.Field), Level: string(e.Level), Bits: float64(e.Bits), Claimed: e.Claimed.Reveal(), Recorded: e.Recorded.Reveal()}
	if e.Field == match.FieldNINO {
		out.Recorded = masked(out.Recorded, caller)
	}
	return out
}

// shownOfNINO is how many characters of an NI number a caller without the scope sees.
const shownOfNINO = 3

func masked(nino string, caller httpd.Caller) string {
	if caller.Has(wire.ScopeSearch) || nino == "" {
		return nino
	}
	r := []rune(nino)
	hide := max(0, len(r)-shownOfNINO)
	return strings.Repeat("*", hide) + string(r[hide:])
}

func day(d person.Date) *string {
	if d.IsZero() {
		return nil
	}
	s := d.Reveal()
	return &s
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
