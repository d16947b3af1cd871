package desk

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"traid/internal/fault"
)

// User is an agent, who works on tickets, or an end user, for whom they are.
type User struct {
	ID        UserID
	Client    string // an agent: the client whose token it acts by
	Name      Text
	Email     Text
	Agent     bool
	Suspended bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Group is a group of agents.
type Group struct {
	ID        GroupID
	Name      string
	CreatedAt time.Time
}

// GroupName is the name of the one group; every agent is in it.
const GroupName = "TRA"

// NewUser is a requester as a ticket's creation names one: the user with the
// email address, or a new end user.
type NewUser struct {
	Name, Email Text
}

// maxName is the longest name that Zendesk takes.
const maxName = 255

func (n NewUser) check() []fault.Field {
	var wrong []fault.Field
	if blank(n.Name) && n.Email.IsZero() {
		wrong = append(wrong, fault.Field{Pointer: "requester", Reason: "Requester: Name: cannot be blank"})
	}
	if utf8.RuneCountInString(n.Name.Reveal()) > maxName {
		wrong = append(wrong, fault.Field{Pointer: "requester", Reason: "Requester: Name: is too long (maximum is 255 characters)"})
	}
	if !isEmail(n.Email.Reveal()) {
		wrong = append(wrong, fault.Field{Pointer: "requester", Reason: "Requester: Email: is not properly formatted"})
	}
	return wrong
}

// isEmail tells whether it has the outline of an email address. Nothing is ever sent there.
func isEmail(v string) bool {
	local, domain, ok := strings.Cut(v, "@")
	return ok && local != "" && domain != "" && len(v) <= maxName && !strings.ContainsAny(v, " \t\r\n,;<>\"") && !strings.Contains(domain, "@")
}

// EmailKey is by which email addresses are compared.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Agent gives the agent that a client is, made when it comes for the first time.
func (s *Service) Agent(ctx context.Context, client string) (User, error) {
	var u User
	err := s.store.View(ctx, func(ctx context.Context, r Reads) (err error) {
		u, err = r.UserByClient(ctx, client)
		return err
	})
	if !fault.Is(err, fault.NotFound) {
		return u, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if u, err = tx.UserByClient(ctx, client); !fault.Is(err, fault.NotFound) {
			return err
		}
		u, err = s.newAgent(ctx, tx, client)
		return err
	})
	return u, err
}

func (s *Service) newAgent(ctx context.Context, tx Tx, client string) (User, error) {
	at := s.at()
	email := client
	if !isEmail(email) {
		email = slug(client) + "@desk.invalid"
	}
	u, err := tx.UserByEmail(ctx, email)
	switch {
	case err == nil && email == client && u.Client == "": // an end user so far
		u.Client, u.Agent, u.UpdatedAt = client, true, at
		return u, tx.SaveUser(ctx, u)
	case err != nil && !fault.Is(err, fault.NotFound):
		return User{}, err
	}
	taken := err == nil
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return User{}, err
	}
	if taken { // two clients whose names fold into one address
		email = fmt.Sprintf("%s-%d@desk.invalid", slug(client), id)
	}
	u = User{ID: UserID(id), Client: client, Name: NewText(client), Email: NewText(email), Agent: true, CreatedAt: at, UpdatedAt: at}
	return u, tx.AddUser(ctx, u)
}

// slug makes of a client's name what may stand before the @.
func slug(client string) string {
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(client))
	return strings.Trim(out, "-")
}

// requester gives the user with the email address, a new end user where there is none.
func (s *Service) requester(ctx context.Context, tx Tx, n NewUser) (User, error) {
	if wrong := n.check(); len(wrong) > 0 {
		return User{}, fault.InvalidFields(wrong...)
	}
	u, err := tx.UserByEmail(ctx, n.Email.Reveal())
	if !fault.Is(err, fault.NotFound) {
		return u, err
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return User{}, err
	}
	if blank(n.Name) {
		n.Name = n.Email
	}
	at := s.at()
	u = User{ID: UserID(id), Name: n.Name, Email: n.Email, CreatedAt: at, UpdatedAt: at}
	return u, tx.AddUser(ctx, u)
}

// User gives a user; fault.NotFound where there is none.
func (s *Service) User(ctx context.Context, id UserID) (u User, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		u, err = r.User(ctx, id)
		return err
	})
	return u, err
}

// Users gives the users of the ids that there are, by id.
func (s *Service) Users(ctx context.Context, ids []UserID) (users []User, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		users, err = r.Users(ctx, ids)
		return err
	})
	return users, err
}

// Groups gives the groups.
func (s *Service) Groups(ctx context.Context) (groups []Group, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		groups, err = r.Groups(ctx)
		return err
	})
	return groups, err
}

// UsersOf lists the users, agents only where that is asked for, by id.
func (s *Service) UsersOf(ctx context.Context, agents bool) (users []User, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reads) error {
		users, err = r.AllUsers(ctx, agents)
		return err
	})
	return users, err
}

// UserUpdate is what a caller wants of a user. What is nil stays.
type UserUpdate struct {
	Name      *Text
	Suspended *bool
}

// UpdateUser changes a user; fault.NotFound where there is none.
func (s *Service) UpdateUser(ctx context.Context, id UserID, u UserUpdate) (user User, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		if user, err = tx.User(ctx, id); err != nil {
			return err
		}
		if u.Name != nil {
			if blank(*u.Name) || utf8.RuneCountInString(u.Name.Reveal()) > maxName {
				return invalid("name", "Name: is blank or too long (maximum is 255 characters)")
			}
			user.Name = *u.Name
		}
		if u.Suspended != nil {
			if user.Agent {
				return invalid("suspended", "Suspended: agents of this desk are kept out by revoking their tokens")
			}
			user.Suspended = *u.Suspended
		}
		user.UpdatedAt = s.at()
		return tx.SaveUser(ctx, user)
	})
	return user, err
}
