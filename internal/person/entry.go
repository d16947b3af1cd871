package person

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean gives what was typed in composed, compatible form without invisible
// characters and outer spaces: full-width digits become digits, a no-break
// space becomes a space.
func clean(typed string) string {
	if isASCII(typed) && strings.IndexByte(typed, '\t') < 0 && !strings.ContainsAny(typed, "\n\v\f\r") {
		return strings.TrimSpace(typed)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case invisible(r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, norm.NFKC.String(typed)))
}

// invisible tells whether r has no width: it makes an exact comparison fail unseen.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

func isDash(r rune) bool {
	return unicode.Is(unicode.Pd, r) || r == '−' || r == '‐'
}

var (
	trnLabel = regexp.MustCompile(`^(?i)TRN\s*[:=]?\s*`)
	trnRP    = regexp.MustCompile(`^(?i)RP\s*([0-9]+)\s*/\s*([0-9]+)$`)
)

// ParseTRN reads a TRN as a person types it: seven digits with spaces or
// hyphens anywhere between them, or RP yy/nnnnn, either after "TRN". Reasons:
// blank, format, length, not_a_trn.
func ParseTRN(typed string) (TRN, error) {
	s := clean(typed)
	if s == "" {
		return TRN{}, refuse(Blank)
	}
	s = trnLabel.ReplaceAllString(s, "")
	if m := trnRP.FindStringSubmatch(s); m != nil {
		if len(m[1])+len(m[2]) != 7 {
			return TRN{}, refuse(Length)
		}
		if len(m[1]) != 2 {
			return TRN{}, refuse(Format)
		}
		return NewTRN(m[1] + m[2])
	}
	var digits strings.Builder
	last := rune(' ')
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == ' ' || isDash(r):
			if digits.Len() == 0 {
				return TRN{}, refuse(Format)
			}
		default:
			return TRN{}, refuse(Format)
		}
		last = r
	}
	if digits.Len() == 0 || isDash(last) {
		return TRN{}, refuse(Format)
	}
	return NewTRN(digits.String())
}

// NewTRN makes a TRN of its seven digits. Reasons: format, length, not_a_trn.
func NewTRN(digits string) (TRN, error) {
	for _, r := range digits {
		if r < '0' || r > '9' {
			return TRN{}, refuse(Format)
		}
	}
	switch {
	case len(digits) != 7:
		return TRN{}, refuse(Length)
	case digits == "0000000":
		return TRN{}, refuse(NotATRN)
	}
	return TRN{hidden{digits}}, nil
}

// LenientTRN reads a TRN as the automatic check does:
// the digits, five to seven, padded on the left to seven, not all zeros.
func LenientTRN(s string) (TRN, bool) {
	if len(s) == 7 && isASCII(s) && strings.Trim(s, "0123456789") == "" {
		t, err := NewTRN(s)
		return t, err == nil
	}
	var digits strings.Builder
	for _, r := range norm.NFKC.String(s) {
		if r >= '0' && r <= '9' {
			digits.WriteRune(r)
		}
	}
	d := digits.String()
	if len(d) < 5 || len(d) > 7 {
		return TRN{}, false
	}
	t, err := NewTRN(strings.Repeat("0", 7-len(d)) + d)
	return t, err == nil
}

// isNINOShape tells whether s is two letters, six digits and maybe a letter.
func isNINOShape(s string) bool {
	if len(s) != 8 && len(s) != 9 {
		return false
	}
	for i := range len(s) {
		letter, digit := 'A' <= s[i] && s[i] <= 'Z', '0' <= s[i] && s[i] <= '9'
		if i >= 2 && i < 8 && !digit || (i < 2 || i == 8) && !letter {
			return false
		}
	}
	return true
}

// ParseNINO reads a National Insurance number as a person types it. QQ, which
// no real person has, is accepted for samples. Reasons: blank, format, prefix,
// suffix. Source of the rules: HMRC's National Insurance Manual, NIM39110.
func ParseNINO(typed string) (NINO, error) {
	s := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '.' || r == '/' || r == '\\' || isDash(r) {
			return -1
		}
		return r
	}, clean(typed)))
	if s == "" {
		if clean(typed) != "" {
			return NINO{}, refuse(Format)
		}
		return NINO{}, refuse(Blank)
	}
	switch {
	case !isNINOShape(s):
		return NINO{}, refuse(Format)
	case s[:2] == "QQ":
	case strings.Contains("DFIQUV", s[:1]), strings.Contains("DFIOQUV", s[1:2]),
		strings.Contains("BG GB KN NK NT TN ZZ", s[:2]):
		return NINO{}, refuse(Prefix)
	}
	if suffix := s[8:]; suffix != "" && !strings.Contains("ABCD", suffix) {
		return NINO{}, refuse(Suffix)
	}
	return NINO{hidden{s}}, nil
}

// LenientNINO gives a National Insurance number as the automatic check
// compares it: NFKC, upper case, only letters and digits, whole. Empty for nothing.
func LenientNINO(s string) string {
	if isNINOShape(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, norm.NFKC.String(s))
}

// MaxName is the most characters a name may have.
const MaxName = 255

// ParseName reads a first or family name. It is kept as typed (folding is for
// comparing) but for invisible characters and outer or repeated spaces.
// Reasons: blank, too_long, control_chars, no_letters.
func ParseName(typed string) (Name, error) {
	if !utf8.ValidString(typed) {
		return Name{}, refuse(ControlChars)
	}
	var b strings.Builder
	letters := false
	for _, r := range norm.NFC.String(strings.TrimSpace(typed)) {
		switch {
		case invisible(r):
			continue
		case unicode.IsSpace(r) && r != '\n' && r != '\r' && r != '\v' && r != '\f' && r != '\u0085':
			r = ' '
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError || unicode.Is(unicode.Co, r):
			return Name{}, refuse(ControlChars)
		}
		letters = letters || unicode.IsLetter(r)
		b.WriteRune(r)
	}
	s := strings.Join(strings.Fields(b.String()), " ")
	switch {
	case s == "":
		return Name{}, refuse(Blank)
	case utf8.RuneCountInString(s) > MaxName:
		return Name{}, refuse(TooLong)
	case !letters:
		return Name{}, refuse(NoLetters)
	}
	return Name{hidden{s}}, nil
}

// emailShape is deliberately wide: the address is proved by a mail that arrives.
var emailShape = regexp.MustCompile(`^[^\s@<>()\[\],;:\\"]+@([\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])$`)

// maxEmail is the longest address that mail can be sent to (RFC 5321, 4.5.3.1.3).
const maxEmail = 254

// ParseEmail reads an email address. Reasons: blank, too_long, format.
func ParseEmail(typed string) (Email, error) {
	s := clean(typed)
	switch {
	case s == "":
		return Email{}, refuse(Blank)
	case len(s) > maxEmail:
		return Email{}, refuse(TooLong)
	case !utf8.ValidString(typed) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return Email{}, refuse(Format)
	case !emailShape.MatchString(s) || strings.Contains(s, "..") || strings.HasPrefix(s, "."):
		return Email{}, refuse(Format)
	}
	return Email{hidden{s}}, nil
}

var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// month reads a month: its number, or its English name in full or by its first
// three letters (and "sept"). Not an ordinal, not a weekday.
func month(s string) (int, bool) {
	if n, ok := number(s); ok {
		return n, n >= 1 && n <= 12
	}
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	for i, name := range months {
		if s == name || s == name[:3] || s == "sept" && name == "september" {
			return i + 1, true
		}
	}
	return 0, false
}

func number(s string) (int, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

var ordinal = regexp.MustCompile(`^(?i)([0-9]{1,2})(st|nd|rd|th)$`)

// minimumAge is the youngest that a person who registers can be, in years.
const minimumAge = 16

// ParseDateOfBirth reads a date of birth from its three boxes. The first thing
// that is wrong is the reason: what is missing first, then day, month, year,
// then the date as a whole.
func ParseDateOfBirth(day, monthText, year string, today Date) (Date, error) {
	day, monthText, year = clean(day), clean(monthText), clean(year)
	switch {
	case day == "" && monthText == "" && year == "":
		return Date{}, refuse(Blank)
	case day == "":
		return Date{}, refuse(MissingDay)
	case monthText == "":
		return Date{}, refuse(MissingMonth)
	case year == "":
		return Date{}, refuse(MissingYear)
	}
	if m := ordinal.FindStringSubmatch(day); m != nil {
		day = m[1]
	}
	d, ok := number(day)
	if !ok || d < 1 || d > 31 {
		return Date{}, refuse(BadDay)
	}
	m, ok := month(monthText)
	if !ok {
		return Date{}, refuse(BadMonth)
	}
	y, ok := number(year)
	switch {
	case !ok:
		return Date{}, refuse(BadYear)
	case len(year) != 4:
		return Date{}, refuse(Year4Digits)
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Day() != d || int(t.Month()) != m:
		return Date{}, refuse(NotARealDate)
	case y < 1900:
		return Date{}, refuse(Before1900)
	case t.After(today.Time()):
		return Date{}, refuse(Future)
	case t.AddDate(minimumAge, 0, 0).After(today.Time()):
		return Date{}, refuse(Under16)
	}
	return DateOf(t), nil
}
