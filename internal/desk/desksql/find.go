package desksql

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"traid/internal/desk"
	"traid/internal/sqldb"
)

// where builds the condition of a search and its arguments.
type where struct{ args []any }

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) all(s desk.Search) string {
	parts := []string{`deleted_at IS NULL`}
	for _, m := range s.All {
		parts = append(parts, w.match(m))
	}
	if len(s.Any) > 0 {
		var any []string
		for _, m := range s.Any {
			any = append(any, w.match(m))
		}
		parts = append(parts, `(`+strings.Join(any, ` OR `)+`)`)
	}
	if !s.Until.IsZero() {
		parts = append(parts, `generated_at <= `+w.arg(sqldb.Time(s.Until)))
	}
	return `WHERE ` + strings.Join(parts, ` AND `)
}

func (w *where) match(m desk.Match) string {
	c := w.found(m)
	if m.Not {
		return `NOT (` + c + `)`
	}
	return `(` + c + `)`
}

const never = `1 = 0`

func (w *where) found(m desk.Match) string {
	either := func(one func(v string) string) string {
		var parts []string
		for _, v := range m.In {
			parts = append(parts, one(v))
		}
		if len(parts) == 0 {
			return never
		}
		return strings.Join(parts, ` OR `)
	}
	switch m.By {
	case desk.ByStatus, desk.ByType, desk.ByPriority, desk.ByExternalID:
		return either(func(v string) string { return string(m.By) + ` = ` + w.arg(v) })
	case desk.ByID, desk.ByRequester, desk.BySubmitter, desk.ByAssignee, desk.ByGroup:
		return either(func(v string) string {
			id, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return never
			}
			return string(m.By) + ` = ` + w.arg(id)
		})
	case desk.ByTag:
		return either(func(v string) string { return w.holds(`tags`, quoted(v)) })
	case desk.ByField:
		name := quoted(strconv.FormatInt(int64(m.Field), 10)) + `:`
		if len(m.In) == 0 {
			return w.holds(`custom_fields`, name)
		}
		return either(func(v string) string { return w.holds(`custom_fields`, name+quoted(v)) })
	case desk.ByCreated, desk.ByUpdated, desk.BySolved:
		return w.within(string(m.By), m.From, m.Before)
	case desk.BySubject, desk.ByFirst:
		return either(func(v string) string { return w.says(string(m.By), v) })
	case desk.ByComment:
		return either(w.said)
	case desk.ByWords:
		return either(func(v string) string { return w.says(`subject`, v) + ` OR ` + w.said(v) })
	}
	return never
}

// quoted is a text as it stands in a JSON list or object of ours.
func quoted(v string) string {
	raw, _ := json.Marshal(v) // a text always marshals
	return string(raw)
}

// holds tells whether a column has a part, letter by letter: LIKE is not the
// same in both databases.
func (w *where) holds(column, part string) string {
	return `REPLACE(` + column + `, ` + w.arg(part) + `, '') <> ` + column
}

var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (w *where) like(column, part string) string {
	return column + ` LIKE ` + w.arg(`%`+escapeLike.Replace(part)+`%`) + ` ESCAPE '\'`
}

func (w *where) says(column, words string) string {
	return w.like(`LOWER(`+column+`)`, strings.ToLower(words))
}

func (w *where) said(words string) string {
	return `EXISTS (SELECT 1 FROM audits WHERE audits.ticket_id = tickets.id AND ` + w.says(`comment_body`, words) + `)`
}

func (w *where) within(column string, from, before time.Time) string {
	parts := []string{column + ` IS NOT NULL`}
	if !from.IsZero() {
		parts = append(parts, column+` >= `+w.arg(sqldb.Time(from)))
	}
	if !before.IsZero() {
		parts = append(parts, column+` < `+w.arg(sqldb.Time(before)))
	}
	return strings.Join(parts, ` AND `)
}

// places order what has no order of its own.
var places = map[desk.Order]string{
	desk.OrderStatus:   `CASE status WHEN 'new' THEN 0 WHEN 'open' THEN 1 WHEN 'pending' THEN 2 WHEN 'hold' THEN 3 WHEN 'solved' THEN 4 ELSE 5 END`,
	desk.OrderPriority: `CASE priority WHEN 'low' THEN 1 WHEN 'normal' THEN 2 WHEN 'high' THEN 3 WHEN 'urgent' THEN 4 ELSE 0 END`,
	desk.OrderType:     `type`,
	desk.OrderCreated:  `created_at`,
	desk.OrderUpdated:  `updated_at`,
}

func (x *tx) Find(ctx context.Context, s desk.Search) ([]desk.Ticket, error) {
	w := where{}
	end := w.all(s)
	direction, beyond := ``, `>`
	if s.Descending {
		direction, beyond = ` DESC`, `<`
	}
	if p := s.After; p != nil {
		if s.Order == desk.OrderCreated {
			at := sqldb.Time(p.At)
			end += ` AND (created_at ` + beyond + ` ` + w.arg(at) + ` OR (created_at = ` + w.arg(at) + ` AND id ` + beyond + ` ` + w.arg(int64(p.ID)) + `))`
		} else {
			end += ` AND id ` + beyond + ` ` + w.arg(int64(p.ID))
		}
	}
	end += ` ORDER BY `
	if place, ok := places[s.Order]; ok {
		end += place + direction + `, `
	}
	return x.find(ctx, end+`id`+direction+` LIMIT `+w.arg(int64(s.Limit))+` OFFSET `+w.arg(int64(s.Offset)), w.args...)
}

func (x *tx) CountFound(ctx context.Context, s desk.Search) (int, error) {
	w := where{}
	end := w.all(s)
	var n int
	err := x.t.QueryRowContext(ctx, `SELECT COUNT(*) FROM tickets `+end, w.args...).Scan(&n)
	return n, failed("count found tickets", err)
}
