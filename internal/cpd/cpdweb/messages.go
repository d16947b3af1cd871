package cpdweb

import (
	"strings"

	"traid/internal/person"
)

// messages say what to do about each reason that an entry is refused for.
type messages map[person.Reason]string

// of gives the message for a refused entry.
func (m messages) of(err error) string {
	reason, _ := person.ReasonOf(err)
	return m[reason]
}

// nameMessages are those of a name that is called label.
func nameMessages(label string) messages {
	return messages{
		person.Blank:        "Enter your " + strings.ToLower(label[:1]) + label[1:],
		person.TooLong:      label + " must be 255 characters or fewer",
		person.ControlChars: label + " contains characters that cannot be read. Type it again without pasting it",
		person.NoLetters:    label + " must contain at least one letter",
	}
}

var dateOfBirthMessages = messages{
	person.Blank:        "Enter your date of birth",
	person.MissingDay:   "Date of birth must include a day",
	person.MissingMonth: "Date of birth must include a month",
	person.MissingYear:  "Date of birth must include a year",
	person.BadDay:       "Day must be a number from 1 to 31",
	person.BadMonth:     "Month must be a number from 1 to 12, or the name of a month",
	person.BadYear:      "Year must be a number, like 1984",
	person.Year4Digits:  "Year must have 4 numbers, like 1984",
	person.NotARealDate: "Date of birth must be a real date. Check how many days the month has",
	person.Before1900:   "Year must be 1900 or later",
	person.Future:       "Date of birth must be in the past",
	person.Under16:      "You must be at least 16 years old. Check the year you entered",
}

var trnMessages = messages{
	person.Blank:   "Enter your TRN",
	person.Format:  "Enter a TRN in the correct format, like 1234567 or RP12/34567",
	person.Length:  "TRN must have 7 numbers",
	person.NotATRN: "Enter your own TRN. A number of zeros is not one",
}

var ninoMessages = messages{
	person.Blank:  "Enter your National Insurance number",
	person.Format: "Enter a National Insurance number in the correct format: 2 letters, 6 numbers and 1 letter, like QQ 12 34 56 C",
	person.Prefix: "Check the first 2 letters of your National Insurance number. No number begins with these letters",
	person.Suffix: "Check the last letter of your National Insurance number. It must be A, B, C or D",
}

var emailMessages = messages{
	person.Blank:   "Enter your email address",
	person.TooLong: "Email address must be 254 characters or fewer",
	person.Format:  "Enter an email address in the correct format, like name@example.com",
}
