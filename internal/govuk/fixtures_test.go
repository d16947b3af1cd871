package govuk

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	fixturesGlob = "../../node_modules/govuk-frontend/dist/govuk/components/*/fixtures.json"

	// What govuk-frontend 6.6.0 ships, and how much of it is met; the rest is of components that are not built.
	fixturesInAll  = 725
	fixturesMet    = 561
	fixturesNotFor = 50
)

// drawn makes each component from its options.
var drawn = map[string]func(option map[string]any) (templ.Component, error){
	"back-link":           from(BackLink),
	"breadcrumbs":         from(Breadcrumbs),
	"button":              from(Button),
	"character-count":     from(CharacterCount),
	"checkboxes":          from(Checkboxes),
	"date-input":          from(DateInput),
	"details":             from(Details),
	"error-message":       from(errorMessage),
	"error-summary":       from(ErrorSummary),
	"fieldset":            from(Fieldset),
	"file-upload":         from(FileUpload),
	"generic-header":      from(GenericHeader),
	"hint":                from(hint),
	"input":               from(Input),
	"inset-text":          from(InsetText),
	"label":               from(label),
	"notification-banner": from(NotificationBanner),
	"pagination":          from(Pagination),
	"panel":               from(Panel),
	"phase-banner":        from(PhaseBanner),
	"radios":              from(Radios),
	"select":              from(Select),
	"service-navigation":  from(ServiceNavigation),
	"skip-link":           from(SkipLink),
	"summary-list":        from(SummaryList),
	"table":               from(Table),
	"tabs":                from(Tabs),
	"tag":                 from(Tag),
	"textarea":            from(Textarea),
	"warning-text":        from(WarningText),
}

// notFor are fixtures that are not met on purpose, as component/fixture, by the reason.
var notFor = map[string][]string{
	"no browser lets a page say which file is chosen": {"file-upload/with value"},
	"a Go list has no holes": {
		"checkboxes/with falsy values", "pagination/with empty items", "radios/with falsy items",
		"select/with falsy items", "service-navigation/with navigation having empty values",
		"service-navigation/with navigation having only empty values", "summary-list/with falsy values",
		"table/with falsy items", "tabs/with falsy values",
	},
	"a choice is checked or selected by its value or by itself, and one does not take back the other": {
		"checkboxes/item checked overrides values", "radios/item checked overrides value", "select/item selected overrides value",
	},
	"an option always has a value, so that an empty one can be told from its text": {
		"select/with falsy values", "select/without values", "select/without values with selected value",
	},
	"false is the script's own default and not written": {
		"button/don't prevent double click", "error-summary/autofocus explicitly enabled",
		"notification-banner/auto-focus explicitly enabled, with type as success",
	},
	"the value of a date's field is given with the field": {
		"date-input/with values", "date-input/with values and name prefix", "date-input/with values, name prefix and custom names",
		"date-input/with field value and items", "date-input/with field value, item value and values",
		"date-input/with field value overriding values",
	},
	"a date of other than three fields is given by its items": {
		"date-input/day and month", "date-input/month and year",
	},
	"a date's field is wrong because it says so, not because others say that they are not": {
		"date-input/with error on single field by omission", "date-input/with error on single item by omission",
	},
	"an error is always spoken as one": {
		"error-message/translated", "error-message/visually hidden text removed",
	},
	"a count has a limit, in characters or words by its type": {
		"character-count/with maxwords", "character-count/to configure in JavaScript",
		"character-count/with neither maxlength nor maxwords set",
		"character-count/with neither maxlength, maxwords nor textarea description set",
	},
	"the words of the count are English": {
		"character-count/with translations",
	},
	"the panel confirms; it has no interruption": {
		"panel/interruption", "panel/interruption-with-content-with-long-line-length",
		"panel/interruption-with-headings-content-and-lists", "panel/interruption with custom classes",
		"panel/confirmation, with actions", "panel/interruption, with actions classes and attributes",
		"panel/interruption, submit action", "panel/interruption, button link", "panel/interruption, no actions",
		"panel/interruption, no actions items",
	},
	"the menu folds where it has two pages or more": {
		"service-navigation/with collapseNavigationOnMobile set to false",
		"service-navigation/with a single navigation item and collapseNavigationOnMobile set to true",
	},
	"pages are in one language, and nothing else stands at the end of the bar": {
		"service-navigation/with right-aligned language navigation", "service-navigation/with `inline` end slot",
	},
}

type fixture struct {
	Name    string         `json:"name"`
	Options map[string]any `json:"options"`
	HTML    string         `json:"html"`
}

func TestFixturesOfTheDesignSystem(t *testing.T) {
	files, err := filepath.Glob(fixturesGlob)
	if err != nil || len(files) == 0 {
		t.Fatal("govuk-frontend's fixtures are missing: make deps")
	}
	why := map[string]string{}
	for reason, names := range notFor {
		for _, name := range names {
			why[name] = reason
		}
	}
	var all, met, notBuilt, onPurpose int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var of struct {
			Component string    `json:"component"`
			Fixtures  []fixture `json:"fixtures"`
		}
		if err := json.Unmarshal(content, &of); err != nil {
			t.Fatal(file, err)
		}
		all += len(of.Fixtures)
		draw, built := drawn[of.Component]
		if !built {
			notBuilt += len(of.Fixtures)
			continue
		}
		for _, f := range of.Fixtures {
			name := of.Component + "/" + f.Name
			difference := compare(t, draw, f)
			reason, left := why[name]
			switch {
			case difference == "" && left:
				t.Errorf("%s is met, though it is left out: %s", name, reason)
			case difference == "":
				met++
			case left:
				onPurpose++
			default:
				t.Errorf("%s\n%s", name, difference)
			}
		}
	}
	t.Logf("%d fixtures: %d met, %d left out on purpose, %d of components that are not built", all, met, onPurpose, notBuilt)
	if onPurpose != len(why) {
		t.Errorf("%d fixtures are left out by name, %d of them are there", len(why), onPurpose)
	}
	if all != fixturesInAll || met != fixturesMet || onPurpose != fixturesNotFor {
		t.Errorf("%d fixtures, %d met, %d left out; want %d, %d, %d", all, met, onPurpose, fixturesInAll, fixturesMet, fixturesNotFor)
	}
}

// compare gives how what is drawn differs from the fixture.
func compare(t *testing.T, draw func(map[string]any) (templ.Component, error), f fixture) string {
	t.Helper()
	component, err := draw(f.Options)
	if err != nil {
		return err.Error()
	}
	var got strings.Builder
	if err := component.Render(t.Context(), &got); err != nil {
		return err.Error()
	}
	return cmp.Diff(tree(t, f.HTML), tree(t, got.String()))
}

// from decodes options as the macros take them into the component's own.
func from[O any, C templ.Component](draw func(O) C) func(map[string]any) (templ.Component, error) {
	return func(options map[string]any) (templ.Component, error) {
		var o O
		if err := decode(reflect.ValueOf(&o).Elem(), options); err != nil {
			return nil, err
		}
		return draw(o), nil
	}
}

var (
	componentType  = reflect.TypeFor[templ.Component]()
	attributesType = reflect.TypeFor[templ.Attributes]()
)

// renamed are options that one field here stands for.
var renamed = map[string]string{
	"beforeinput": "before", "beforeinputs": "before", "afterinput": "after", "afterinputs": "after",
}

func decode(to reflect.Value, value any) error {
	switch {
	case value == nil:
		return nil
	case to.Type() == componentType:
		return decodeComponent(to, value)
	case to.Type() == attributesType:
		return decodeAttributes(to, value)
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return decode(to.Elem(), value)
	}
	switch v := value.(type) {
	case map[string]any:
		if to.Kind() != reflect.Struct {
			return fmt.Errorf("an object for %s", to.Type())
		}
		for name, inner := range v {
			wanted := strings.ToLower(name)
			if r, ok := renamed[wanted]; ok {
				wanted = r
			}
			field := to.FieldByNameFunc(func(f string) bool { return strings.ToLower(f) == wanted })
			if !field.IsValid() {
				return fmt.Errorf("%s has no %s", to.Type(), name)
			}
			if err := decode(field, inner); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case []any:
		if to.Kind() != reflect.Slice {
			return fmt.Errorf("a list for %s", to.Type())
		}
		to.Set(reflect.MakeSlice(to.Type(), len(v), len(v)))
		for i, inner := range v {
			if inner == nil || inner == false || inner == "" {
				return errors.New("a list with a hole")
			}
			if err := decode(to.Index(i), inner); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
	case string:
		switch to.Kind() {
		case reflect.String:
			to.SetString(v)
		case reflect.Int:
			n, err := strconv.Atoi(v)
			if err != nil {
				return err
			}
			to.SetInt(int64(n))
		default:
			return fmt.Errorf("a string for %s", to.Type())
		}
	case float64:
		switch to.Kind() {
		case reflect.String:
			to.SetString(strconv.FormatFloat(v, 'f', -1, 64))
		case reflect.Int:
			to.SetInt(int64(v))
		default:
			return fmt.Errorf("a number for %s", to.Type())
		}
	case bool:
		if to.Kind() != reflect.Bool {
			return fmt.Errorf("a bool for %s", to.Type())
		}
		to.SetBool(v)
	}
	return nil
}

// decodeComponent reads HTML, or an object that holds HTML or text.
func decodeComponent(to reflect.Value, value any) error {
	switch v := value.(type) {
	case string:
		if v != "" {
			to.Set(reflect.ValueOf(templ.Raw(v)))
		}
	case map[string]any:
		if h, ok := v["html"].(string); ok {
			return decodeComponent(to, h)
		}
		if s, ok := v["text"].(string); ok {
			to.Set(reflect.ValueOf(content(s, nil)))
		}
	default:
		return fmt.Errorf("%T for HTML", value)
	}
	return nil
}

func decodeAttributes(to reflect.Value, value any) error {
	m, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%T for attributes", value)
	}
	a := templ.Attributes{}
	for name, v := range m {
		a[name] = fmt.Sprint(v)
	}
	to.Set(reflect.ValueOf(a))
	return nil
}

// inline are the elements between which white space shows.
var inline = []atom.Atom{atom.A, atom.Span, atom.Strong, atom.Em, atom.B, atom.I, atom.Code, atom.Abbr}

// tree writes a piece of HTML a line for each node, attributes sorted, without white space that does not show.
func tree(t *testing.T, s string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(s), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	root := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	var b strings.Builder
	write(&b, root, 0)
	return b.String()
}

func write(b *strings.Builder, n *html.Node, depth int) {
	indent := strings.Repeat("  ", depth)
	switch n.Type {
	case html.TextNode:
		if text := shown(n); text != "" {
			fmt.Fprintf(b, "%s%q\n", indent, text)
		}
		return
	case html.ElementNode:
		var attributes []string
		for _, a := range n.Attr {
			value := a.Val
			if a.Key == "class" {
				value = strings.Join(strings.Fields(value), " ")
			}
			attributes = append(attributes, fmt.Sprintf(" %s=%q", a.Key, value))
		}
		slices.Sort(attributes)
		fmt.Fprintf(b, "%s<%s%s>\n", indent, n.Data, strings.Join(attributes, ""))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		write(b, c, depth+1)
	}
}

// shown gives what of a text is seen or spoken: inside a text area all of it;
// elsewhere white space counts as one space, and as none beside a block and at
// either end of an element, but for the hidden words that are spoken on from the text before.
func shown(n *html.Node) string {
	if n.Parent.DataAtom == atom.Textarea {
		return n.Data
	}
	text := strings.Join(strings.FieldsFunc(n.Data, white), " ")
	hidden := slices.ContainsFunc(n.Parent.Attr, func(a html.Attribute) bool { return a.Val == "govuk-visually-hidden" })
	first, last := n.PrevSibling == nil, n.NextSibling == nil
	before := strings.IndexFunc(n.Data, white) == 0 && (first && hidden || !first && isInline(n.PrevSibling))
	after := strings.LastIndexFunc(n.Data, white) == len(n.Data)-1 && !last && isInline(n.NextSibling)
	switch {
	case text == "" && before && after && !first && !last:
		return " "
	case text == "":
		return ""
	}
	return when(before, " ") + text + when(after, " ")
}

func white(r rune) bool { return strings.ContainsRune(" \t\r\n\f", r) }

func isInline(n *html.Node) bool {
	return n.Type == html.TextNode || slices.Contains(inline, n.DataAtom)
}
