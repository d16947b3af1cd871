package match

// safe tells whether a comparison passes the gate, the policy behind which the
// model may settle a claim without a person. In words:
//
//   - the date of birth is equal, has day and month swapped, or is one digit or
//     one swap off;
//   - first and family name do not both differ;
//   - at least one identifier is equal and none contradicts, unless two are
//     equal; an identifier that is one digit or one swap off counts where the date
//     is equal and neither name differs;
//   - where the first name differs, as a twin's does, two identifiers are equal
//     and none contradicts.
func (c *comparison) safe() bool {
	born := c.levels[bornField]
	switch born {
	case equal, equalDefault, swapped, oneEdit:
	default:
		return false
	}
	first, last := c.levels[firstField].agrees(), c.levels[lastField].agrees()
	if !first && !last {
		return false
	}
	same, near, contradict := 0, 0, 0
	for _, f := range [...]field{trnField, ninoField, emailField} {
		switch c.levels[f] {
		case equal:
			same++
		case oneEdit:
			near++
		case different:
			if f != emailField { // people have several
				contradict++
			}
		}
	}
	switch {
	case !first:
		return same >= 2 && contradict == 0
	case same >= 2:
		return true
	case contradict > 0:
		return false
	case same == 1:
		return true
	}
	return near > 0 && last && (born == equal || born == equalDefault)
}

// agrees tells whether a name agrees in some way.
func (l level) agrees() bool { return l != missing && l != different && l != differentRenamed }

// acceptFrom is the least probability at which the model settles a claim
// behind the gate. Source: the evaluation, see docs/benchmarks.md.
const acceptFrom = 0.999

// Accepted gives the likeliest record where it is sure enough to settle the
// claim without a person: an active record that passes the gate.
func (s *Search) Accepted() (best ID, sure bool) {
	top := s.Ranked(1)
	if len(top) == 0 {
		return 0, false
	}
	return top[0].ID, top[0].Safe && !top[0].Inactive && top[0].Probability >= acceptFrom
}
