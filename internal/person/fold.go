package person

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unfolded are the letters that Unicode does not decompose.
var unfolded = strings.NewReplacer("ł", "l", "đ", "d", "ð", "d", "ø", "o", "æ", "ae", "œ", "oe", "ß", "ss", "ı", "i", "þ", "th", "ħ", "h", "ŧ", "t", "ŋ", "n", "ĸ", "k", "ſ", "s", "ə", "e")

func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘ʼʻ`´′ʹ＇‛", r) }

// Fold gives a text as names are compared: lower case, without diacritics,
// apostrophes and invisible characters; every other run of
// characters that are no letters or digits becomes one space. Folding twice is
// folding once.
func Fold(s string) string {
	if isASCII(s) {
		return foldASCII(s)
	}
	s = unfolded.Replace(strings.ToLower(norm.NFKD.String(strings.ToLower(s))))
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || isApostrophe(r) || invisible(r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldASCII is Fold for the text that nearly every name is.
func foldASCII(s string) string {
	b := make([]byte, 0, len(s))
	gap := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '\'' || c == '`':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		default:
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		b = append(b, c)
	}
	return string(b)
}

// Words gives the words of a folded text; hyphens and spaces separate them.
func Words(s string) []string { return strings.Fields(Fold(s)) }

var titles = map[string]bool{"mr": true, "mrs": true, "miss": true, "ms": true, "dr": true, "prof": true, "rev": true}

// FirstNameKey gives a first name as the automatic check compares it: a title
// (mr mrs miss ms dr prof rev, with or without a full stop) goes when something
// remains, then the first word, folded. Empty for nothing.
func FirstNameKey(first string) string {
	words := Words(first)
	if len(words) > 1 && titles[words[0]] {
		words = words[1:]
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

var (
	sevenDigits = regexp.MustCompile(`[0-9](?:[ \-/.]?[0-9]){4,}`)
	ninoLike    = regexp.MustCompile(`(?i)\b[a-z]{2}[ \-.]?(?:[0-9][ \-.]?){6}[a-d]?\b`)
	dateLike    = regexp.MustCompile(`(?i)\b[0-9]{1,4}\s*[/.\-]\s*[0-9]{1,2}\s*[/.\-]\s*[0-9]{1,4}\b|\b[0-9]{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+[0-9]{1,4}\b`)
)

// HasPersonalNumber tells whether a note holds what looks like a TRN, a
// National Insurance number or a date; such a note is refused.
func HasPersonalNumber(note string) bool {
	s := norm.NFKC.String(note)
	return sevenDigits.MatchString(s) || ninoLike.MatchString(s) || dateLike.MatchString(s)
}
