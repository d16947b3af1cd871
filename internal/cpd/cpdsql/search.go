package cpdsql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"traid/internal/cpd"
	"traid/internal/fault"
	"traid/internal/person"
	"traid/internal/sqldb"
)

// searchWords are what a participant is found by: the folded words of the name
// and of the part of the email address before the @, and the address; none that
// another one begins with, since beginnings are what is looked for. A record
// that was joined into another is found by none.
func searchWords(p cpd.Participant) []string {
	if p.JoinedInto != "" {
		return nil
	}
	local, _, _ := strings.Cut(p.Email.Key(), "@")
	words := slices.Concat([]string{p.Email.Key()}, person.Words(p.FirstName.Reveal()), person.Words(p.LastName.Reveal()), person.Words(local))
	slices.Sort(words)
	kept := words[:0]
	for i, word := range words {
		if i+1 == len(words) || !strings.HasPrefix(words[i+1], word) {
			kept = append(kept, word)
		}
	}
	return kept
}

// saveWords makes a participant's words those that it is found by now.
func (x *tx) saveWords(ctx context.Context, p cpd.Participant) error {
	before, err := x.q.WordsOf(ctx, string(p.ID))
	if err != nil {
		return failed("words", err)
	}
	words := searchWords(p)
	if slices.Equal(before, words) {
		return nil
	}
	if err := x.q.DeleteWords(ctx, string(p.ID)); err != nil {
		return wrote("delete words", err)
	}
	for _, word := range words {
		if err := x.q.AddWord(ctx, AddWordParams{Word: word, ParticipantID: string(p.ID)}); err != nil {
			return wrote("add word", err)
		}
	}
	return nil
}

// span is the words that begin so.
type span struct{ from, beyond string }

// spans gives the beginnings of words that a query looks for: all of them. An
// address, or the beginning of one with its @, is one.
func spans(query string) []span {
	var out []span
	for _, typed := range strings.Fields(query) {
		words := person.Words(typed)
		if strings.Contains(typed, "@") {
			words = []string{strings.ToLower(typed)}
		}
		for _, word := range words {
			out = append(out, span{word, word + "\U0010FFFF"})
		}
	}
	return out
}

// exactly gives the one that a query names by a TRN, a reference or an email
// address in full, which may be that of a record that was joined into another.
func (s *Store) exactly(ctx context.Context, query string) (cpd.ParticipantID, error) {
	if trn, err := person.ParseTRN(query); err == nil {
		if p, err := s.ParticipantByTRN(ctx, trn); !fault.Is(err, fault.NotFound) {
			return p.ID, err
		}
	}
	if reference := referenceOf(query); reference != "" {
		if p, err := participant(s.q.PersonByReference(ctx, reference)); !fault.Is(err, fault.NotFound) {
			return p.ID, err
		}
	}
	if email, err := person.ParseEmail(query); err == nil {
		if p, err := s.ParticipantByEmail(ctx, email); !fault.Is(err, fault.NotFound) {
			return p.ID, err
		}
	}
	return "", nil
}

// referenceOf writes what may be a reference as references are written: in
// capitals, with hyphens. Empty where it cannot be one.
func referenceOf(typed string) string {
	s := strings.TrimPrefix(strings.ToUpper(strings.ReplaceAll(person.Fold(typed), " ", "")), "CPD")
	if len(s) != 7 {
		return ""
	}
	return "CPD-" + s[:4] + "-" + s[4:]
}

// dense is from how many words on that begin so a search goes through the
// participants in their order, and not through the words: it soon has a page.
const dense = 10_000 // reading their participants takes some 50 ms on SQLite

// search is what a query looks for.
type search struct {
	exact  cpd.ParticipantID // the one that it names; empty: by words
	rarest span              // of the words that it looks for, unless all are dense
	others []span
	dense  bool
	nobody bool
}

// searchFor finds out how to look for a query; nil where it is blank.
func (s *Store) searchFor(ctx context.Context, query string) (*search, error) {
	if strings.TrimSpace(query) == "" {
		return nil, nil
	}
	var out search
	var err error
	if out.exact, err = s.exactly(ctx, query); err != nil || out.exact != "" {
		return &out, err
	}
	out.others = spans(query)
	rarest, fewest := 0, int64(s.dense+1)
	for i, word := range out.others {
		n, err := s.q.CountWord(ctx, CountWordParams{Beginning: word.from, Beyond: word.beyond, AtMost: int32(s.dense + 1)})
		if err != nil {
			return nil, failed("word", err)
		}
		if n < fewest {
			rarest, fewest = i, n
		}
	}
	out.nobody = len(out.others) == 0 || fewest == 0
	if out.dense = fewest > int64(s.dense); !out.dense && !out.nobody {
		out.rarest = out.others[rarest]
		out.others = slices.Delete(out.others, rarest, rarest+1)
	}
	return &out, nil
}

// args are the values of a query, in the order of their placeholders.
type args []any

// add takes a value and gives its placeholder.
func (a *args) add(v any) string {
	*a = append(*a, v)
	return fmt.Sprintf("$%d", len(*a))
}

// words is the condition on the words of the participant with an id.
func (a *args) words(all []span, id string) (out string) {
	for _, w := range all {
		out += ` AND EXISTS (SELECT 1 FROM search_words w WHERE w.participant_id = ` + id + ` AND w.word >= ` + a.add(w.from) + ` AND w.word < ` + a.add(w.beyond) + `)`
	}
	return out
}

// fitting is the part of a query that finds those who fit a filter, from FROM to
// the last condition. Of several filters it reads the index of the one that
// leaves fewest, and the others' columns are hidden from the databases' choice:
// SQLite would take another's.
func fitting(f cpd.Filter, found *search, a *args) string {
	var from, where string
	switch {
	case found == nil:
		from = `FROM participants p WHERE p.joined_into = ''`
	case found.dense:
		from = `FROM participants p WHERE p.joined_into = ''` + a.words(found.others, `p.id`)
	case found.exact != "":
		from = `FROM participants p WHERE p.joined_into = '' AND p.id = ` + a.add(string(found.exact))
	default:
		from = `FROM (SELECT DISTINCT h.participant_id FROM search_words h WHERE h.word >= ` + a.add(found.rarest.from) + ` AND h.word < ` + a.add(found.rarest.beyond) +
			a.words(found.others, `h.participant_id`) + `) hit
CROSS JOIN participants p WHERE p.id = hit.participant_id AND p.joined_into = ''`
	}
	chosen := found != nil && !found.dense
	column := func(name string) string {
		if chosen {
			return `(p.` + name + ` || '')`
		}
		return `p.` + name
	}
	if f.Reason != "" {
		where += ` AND ` + column("trn_reason") + ` = ` + a.add(f.Reason) + ` AND p.trn_reason <> ''`
		chosen = true
	}
	trnStatus, alertStatus := column("trn_status"), column("alert_status")
	if f.TRNStatus != "" {
		where += ` AND ` + trnStatus + ` = ` + a.add(string(f.TRNStatus))
	}
	if f.AlertStatus != "" {
		where += ` AND ` + alertStatus + ` = ` + a.add(string(f.AlertStatus))
	}
	if !f.Since.IsZero() { // and who registered since has no older status
		at := a.add(sqldb.Time(f.Since))
		where += ` AND p.trn_at <= ` + at + ` AND p.created_at <= ` + at
	}
	return from + where
}

// personColumns are those of the view people, as toParticipant takes them.
const personColumns = `id, reference, registration_id, first_name, last_name, email, created_at, updated_at, trn_status, trn, trn_claimed, trn_at,
trn_request, trn_version, submitted_at, expected_by, withdrawn_at, alert_status, alert_at, alert_request, alert_owner, delete_data_at, joined_into, epoch,
alert_state, holds_data`

// pageQuery is the query of one page, newest first. The ids come first: what is
// sorted or passed over is not read whole.
func pageQuery(f cpd.Filter, last *cpd.Participant, found *search) (string, args) {
	var a args
	ids := fitting(f, found, &a)
	if last != nil {
		at := a.add(sqldb.Time(last.CreatedAt))
		ids += ` AND p.created_at <= ` + at + ` AND (p.created_at < ` + at + ` OR p.id < ` + a.add(string(last.ID)) + `)`
	}
	return `SELECT ` + personColumns + ` FROM people WHERE id IN (SELECT p.id ` + ids + ` ORDER BY p.created_at DESC, p.id DESC LIMIT ` + a.add(f.Limit) + `)
ORDER BY created_at DESC, id DESC`, a
}

// countQuery counts who fits, up to a number.
func countQuery(f cpd.Filter, found *search, atMost int) (string, args) {
	var a args
	return `SELECT COUNT(*) FROM (SELECT p.id ` + fitting(f, found, &a) + ` LIMIT ` + a.add(atMost) + `) counted`, a
}

// Participants lists those that fit the filter, newest first. Records that were
// joined into another are left out. total counts them, up to a number, or as far
// as that is soon done; more tells that there are more.
func (s *Store) Participants(ctx context.Context, f cpd.Filter, countAtMost int) (list []cpd.Participant, total int, more bool, err error) {
	found, err := s.searchFor(ctx, f.Query)
	if err != nil || found != nil && found.nobody {
		return nil, 0, false, err
	}
	var last *cpd.Participant
	if f.After != "" {
		p, err := s.Participant(ctx, cpd.ParticipantID(f.After))
		if fault.Is(err, fault.NotFound) {
			return nil, 0, false, nil
		}
		if err != nil {
			return nil, 0, false, err
		}
		last = &p
	}
	if list, err = s.people(ctx, f, last, found); err != nil {
		return nil, 0, false, err
	}
	switch {
	case last == nil && len(list) < f.Limit: // these are all
		return list, len(list), false, nil
	case found != nil && found.dense:
		return list, f.Limit - 1, true, nil
	}
	query, a := countQuery(f, found, countAtMost+1)
	if err := s.db.Reader().QueryRowContext(ctx, query, a...).Scan(&total); err != nil {
		return nil, 0, false, failed("participant", err)
	}
	return list, min(total, countAtMost), total > countAtMost, nil
}

func (s *Store) people(ctx context.Context, f cpd.Filter, last *cpd.Participant, found *search) ([]cpd.Participant, error) {
	query, a := pageQuery(f, last, found)
	rows, err := s.db.Reader().QueryContext(ctx, query, a...)
	if err != nil {
		return nil, failed("participant", err)
	}
	defer rows.Close()
	var out []cpd.Participant
	for rows.Next() {
		p, err := participant(scanPerson(rows))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, failed("participant", err)
	}
	return out, nil
}

func scanPerson(rows *sql.Rows) (p Person, err error) {
	err = rows.Scan(&p.ID, &p.Reference, &p.RegistrationID, &p.FirstName, &p.LastName, &p.Email, &p.CreatedAt, &p.UpdatedAt, &p.TrnStatus, &p.Trn, &p.TrnClaimed, &p.TrnAt,
		&p.TrnRequest, &p.TrnVersion, &p.SubmittedAt, &p.ExpectedBy, &p.WithdrawnAt, &p.AlertStatus, &p.AlertAt, &p.AlertRequest, &p.AlertOwner, &p.DeleteDataAt, &p.JoinedInto, &p.Epoch,
		&p.AlertState, &p.HoldsData)
	return p, err
}
