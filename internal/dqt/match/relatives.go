package match

import "math"

// Near relatives share what usually tells people apart: twins a family name and
// a day of birth, and now and then somebody gives a number that is not their
// own but their twin's or their partner's. Weights that are added up as if
// fields were independent do not know that. So the probability of a candidate
// is also taken against other stories: the claimant is in no record but the twin
// of this one, or its namesake in the family, or is the holder of another candidate and gave this one's
// number. A parent and a child may share both names, and a child may give the
// parent's number. All are judgements on the safe side.
const (
	// twin is how many claims are of people in no record whose twin is in one, for
	// each that is of somebody in a record.
	twin = 1.0 / 300
	// namesake is the same of people in no record whose parent or child of the same name is in one.
	namesake = 1.0 / 300
	// othersNumber is how often somebody gives a near relative's number as theirs.
	othersNumber = 0.02
)

// twinOf gives the weight of the story that the claimant is the record's twin.
func (q *query) twinOf(c *comparison) (cents int32, is bool) {
	switch c.levels[bornField] {
	case equal, equalDefault:
	default:
		return 0, false
	}
	switch c.levels[lastField] {
	case equal, earlierName, onePart, oneEdit:
	default:
		return 0, false
	}
	cents = c.total + centsOfTwin
	for _, f := range [...]field{firstField, middleField} { // a twin's first name is as anybody's
		cents -= c.cents[f]
	}
	for _, f := range [...]field{trnField, ninoField, emailField} {
		switch c.levels[f] {
		case missing:
		case equal, oneEdit: // by a mistake; twins may have had neighbouring numbers
			cents += centsOfOthersNumber
		default: // as between any two people
			cents -= c.cents[f]
		}
	}
	return cents, true
}

// namesakeOf gives the weight of the story that the claimant is the parent or
// child, of the same name, of the record's holder.
func (q *query) namesakeOf(c *comparison) (cents int32, is bool) {
	switch c.levels[bornField] {
	case twoParts, sameYear, different:
	default:
		return 0, false
	}
	cents = c.total + centsOfNamesake - c.cents[bornField] // born on any day
	for _, f := range [...]field{trnField, ninoField} {
		switch c.levels[f] {
		case equal, oneEdit: // by a mistake
			cents += centsOfOthersNumber
		case different:
			cents -= c.cents[f]
		}
	}
	return cents, true
}

var (
	centsOfNamesake     = cents(namesake)
	centsOfTwin         = cents(twin)
	centsOfOthersNumber = cents(othersNumber)
)

// gaveNumberOf gives the weight of the story that the claimant is the holder of
// own and gave a number of other, a near relative.
func (q *query) gaveNumberOf(own, other *comparison) (cents int32, is bool) {
	switch own.levels[bornField] {
	case equal, equalDefault:
	default:
		return 0, false
	}
	if own.levels[firstField] != equal || own.levels[lastField] != equal && own.levels[lastField] != earlierName {
		return 0, false
	}
	cents = own.total
	for _, f := range [...]field{trnField, ninoField} {
		if other.levels[f] == equal && own.levels[f] == different {
			// Instead of one number among all, the one of a relative.
			cents += q.equal[f] - own.cents[f] + centsOfOthersNumber
			is = true
		}
	}
	return cents, is
}

// others is the share of these stories, beside what the candidates weigh.
func (s *Search) others() float64 {
	if len(s.found) == 0 {
		return 0
	}
	best := 0
	for i := range s.found {
		if s.found[i].total > s.found[best].total {
			best = i
		}
	}
	each, total := s.each(), 0.0
	add := func(cents int32, is bool) {
		if is {
			total += math.Exp2(float64(cents)/100 + each)
		}
	}
	add(s.q.twinOf(&s.found[best].comparison))
	add(s.q.namesakeOf(&s.found[best].comparison))
	for i := range s.found {
		if i != best {
			add(s.q.gaveNumberOf(&s.found[i].comparison, &s.found[best].comparison))
		}
	}
	return total
}
