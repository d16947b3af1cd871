package cpd

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"traid/internal/ident"
	"traid/internal/person"
	"traid/internal/workday"
)

// MailKind is which mail is written.
type MailKind string

// The mails. None tells a TRN, and none says anything of alerts or of why a check failed.
const (
	mailCode         MailKind = "code"
	mailSaved        MailKind = "saved"
	mailReceived     MailKind = "received"
	mailConfirmed    MailKind = "confirmed"
	mailFailed       MailKind = "failed"
	mailContinue     MailKind = "continue"
	mailNeedDetails  MailKind = "need_details"
	mailWithdrawn    MailKind = "withdrawn"
	mailInvited      MailKind = "invited"
	mailInvitedAgain MailKind = "invited_again"
	mailQuestion     MailKind = "question"
	mailReminder     MailKind = "question_again"
	mailTwoPeople    MailKind = "two_people" // to the TRA's support
)

// MailTemplate is the text of a kind of mail. ((name)) stands for a value. One
// that ends with ((link)) or ((code)) holds something that is used once.
type MailTemplate struct {
	Kind          MailKind
	Subject, Body string
}

// MailTemplates lists the mails in the order in which people meet them.
func MailTemplates() []MailTemplate {
	const reference = "Your reference is ((reference)).\n\n"
	const again = "You can ask for a new link at any time at ((continue_url))."
	return []MailTemplate{
		{
			mailCode, "Confirm your email address",
			"Enter this code to go on with your registration. It works for 15 minutes.\n\n" +
				"If you did not ask for it, you do not need to do anything. Give the code to nobody.\n\n((code))",
		},
		{
			mailSaved, "Your answers are saved",
			"We have saved your answers for 24 hours. Then we delete them.\n\n" +
				"Until then you can ask for a new link at ((continue_url)).\n\nUse this link to go on. It works once:\n\n((link))",
		},
		{
			mailReceived, "We have received your details",
			reference + "We could not confirm your details straight away, so somebody will check them by hand. You do not need to do anything.\n\n((expectation))\n\n" +
				"To see where your registration stands, to change your details or to take them back, go to ((continue_url)).",
		},
		{
			mailConfirmed, "We have confirmed your details",
			reference + "We have confirmed your details. You do not need to do anything else.",
		},
		{
			mailFailed, "Check your details and send them again",
			reference + "We could not confirm your details. Check that:\n\n* " + strings.Join(whatToCheck[:], "\n* ") +
				"\n\nThen send them again. ((kept))\n\n" + again + "\n\nUse this link within 24 hours to check your details:\n\n((link))",
		},
		{
			mailContinue, "Continue your registration",
			reference + "Somebody, we expect you, entered this email address. It is registered already. If it was not you, you do not need to do anything.\n\n" +
				again + "\n\nUse this link within 24 hours to go on. It works once:\n\n((link))",
		},
		{
			mailNeedDetails, "Give us your details again",
			reference + "We need to check your details again. Give them to us once more.\n\n" + again + "\n\nUse this link within 24 hours:\n\n((link))",
		},
		{
			mailWithdrawn, "You have taken your details back",
			reference + "We have deleted the details that you gave us to check, and nobody checks them any more.\n\nTo register again, go to ((continue_url)).",
		},
		{
			mailInvited, "Your school asks you to register for training",
			"((school)) asks you to register for training. Use the link below by ((until)), check what ((school)) entered, and answer a few questions.\n\n" +
				"Then ((school)) sees whether your details are confirmed, and nothing that you enter. The page behind the link says who sees what.\n\n" +
				"If you do not expect this, you do not need to do anything.\n\n" + again + "\n\nUse this link to go on. It works once:\n\n((link))",
		},
		{
			mailInvitedAgain, "Your school is waiting for you to register for training",
			"((school)) has asked you to register for training, and you have not begun yet. Use the link below by ((until)).\n\n" +
				"If you do not expect this, you do not need to do anything.\n\n" + again + "\n\nUse this link to go on. It works once:\n\n((link))",
		},
		{
			mailQuestion, "We have a question about your registration",
			reference + "We need to know something more to check your details. Please answer our question. Your place in the queue is kept.\n\n" +
				again + "\n\nUse this link within 24 hours to read the question and answer it:\n\n((link))",
		},
		{
			mailReminder, "Please answer our question about your registration",
			reference + "We have asked you a question about your registration and have no answer yet. We cannot go on without it.\n\n" +
				again + "\n\nUse this link within 24 hours to read the question and answer it:\n\n((link))",
		},
		{
			mailTwoPeople, "Two people with one record",
			"An answer names the record of somebody else.\n\nThe participant ((reference)) was given a TRN that stands on another participant, or that contradicts the one they have. " +
				"An administrator found that these are different people. Nobody’s TRN was changed.\n\n((requests))",
		},
	}
}

// What is used once, and stands apart from a mail's text until then.
const (
	linkPlace = "\n\n((link))"
	codePlace = "\n\n((code))"
)

// linkLife is how long a mailed link can be used.
const linkLife = 24 * time.Hour

// mail is one that is to be written.
type mail struct {
	kind        MailKind
	to          string
	participant ParticipantID     // empty: to nobody who has handed in
	values      map[string]string // for the template's places
	code        string            // with mailCode
	draft       string            // whose saved answers the link leads to
	invitation  InvitationID      // that the link leads to
	ends        time.Time         // of the link; zero: linkLife from now
}

// mailTo is a mail to a participant.
func (s *Service) mailTo(p Participant, to person.Email, kind MailKind) mail {
	m := mail{kind: kind, to: to.Reveal(), participant: p.ID, values: map[string]string{"reference": string(p.Reference)}}
	switch kind {
	case mailReceived:
		m.values["expectation"] = "We will write to you when we have an answer."
		if !p.ExpectedBy.IsZero() {
			m.values["expectation"] = "We expect to have an answer by " + dayOf(p.ExpectedBy) + "."
		}
	case mailFailed:
		m.values["kept"] = "We have deleted what you entered before, so we ask for it once more."
		if !p.DeleteDataAt.IsZero() {
			m.values["kept"] = fmt.Sprintf("If you do so within %d days, what you entered before is still there.", DaysAfterFailure)
		}
	}
	return m
}

// dayOf writes a day for people.
func dayOf(t time.Time) string { return t.In(workday.London).Format("2 January 2006") }

// mail writes a mail to a participant in the transaction that it tells of.
func (s *Service) mail(ctx context.Context, tx Tx, p Participant, to person.Email, kind MailKind) error {
	_, err := s.post(ctx, tx, s.mailTo(p, to, kind))
	return err
}

// post writes a mail in the transaction that it tells of.
func (s *Service) post(ctx context.Context, tx Tx, w mail) (Message, error) {
	template, err := templateOf(w.kind)
	if err != nil {
		return Message{}, err
	}
	now := s.now()
	m := Message{
		ID: ident.NewUUID(), Participant: w.participant, Kind: w.kind, To: w.to, At: now, Subject: template.Subject, Code: w.code,
		State: MailInOutbox, StateAt: now,
	}
	values := map[string]string{"continue_url": s.o.PublicURL + ContinuePath}
	for name, value := range w.values {
		values[name] = value
	}
	m.Values = template.only(values)
	body, coded := strings.CutSuffix(template.Body, codePlace)
	body, linked := strings.CutSuffix(body, linkPlace)
	m.Body = fill(body, values)
	secret := Secret{Draft: w.draft, Invitation: w.invitation}
	switch {
	case linked:
		token, hash := newToken()
		m.Link = s.o.PublicURL + ContinuePath + "/" + token
		secret.LinkHash, secret.EndsAt = hash, now.Add(linkLife)
		if !w.ends.IsZero() {
			secret.EndsAt = w.ends
		}
	case coded:
		secret.EndsAt = now.Add(codeLife)
	}
	if s.o.Mailer != nil {
		m.State = MailWaiting
		if err := tx.Enqueue(ctx, TaskMail, m.ID, now); err != nil {
			return m, err
		}
	}
	return m, tx.AddMessage(ctx, m, secret)
}

// secret tells whether a mail holds something that is used once.
func (t MailTemplate) secret() bool {
	return strings.HasSuffix(t.Body, linkPlace) || strings.HasSuffix(t.Body, codePlace)
}

// Placeholders lists the places of a template, in order of the alphabet.
func (t MailTemplate) Placeholders() []string {
	var out []string
	for _, m := range place.FindAllStringSubmatch(t.Subject+t.Body, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// only gives the values that the template has places for.
func (t MailTemplate) only(values map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range t.Placeholders() {
		if value, ok := values[name]; ok {
			out[name] = value
		}
	}
	return out
}

func templateOf(kind MailKind) (MailTemplate, error) {
	for _, t := range MailTemplates() {
		if t.Kind == kind {
			return t, nil
		}
	}
	return MailTemplate{}, fmt.Errorf("cpd: there is no mail %q", kind)
}

var place = regexp.MustCompile(`\(\(([a-z_]+)\)\)`)

// fill puts the values into the places of a text.
func fill(text string, values map[string]string) string {
	return place.ReplaceAllStringFunc(text, func(found string) string { return values[found[2:len(found)-2]] })
}

// tellTRA writes a mail to the TRA's support, where there is an address: two
// people hold one record. It names requests and references, no person.
func (s *Service) tellTRA(ctx context.Context, tx Tx, p, holder Participant, request RequestID) error {
	if s.o.TRAAddress == "" {
		return nil
	}
	var requests []string
	if request != "" {
		requests = append(requests, "The answer was to the request "+string(request)+".")
	}
	if holder.TRNRequest != "" {
		requests = append(requests, "The TRN stands on the participant of the request "+string(holder.TRNRequest)+".")
	}
	_, err := s.post(ctx, tx, mail{
		kind: mailTwoPeople, to: s.o.TRAAddress, participant: p.ID,
		values: map[string]string{"reference": string(p.Reference), "requests": strings.Join(requests, "\n\n")},
	})
	return err
}

// ContinuePath is the page where a person asks for a link to go on; followed
// by a slash and a token it is the link.
const ContinuePath = "/continue"
