package match

// safe tells whether a comparison passes the gate, the policy behind which the
// model may settle a claim without a person: date of birth equal, with day and
// month swapped, or one digit or one swap off; names not both different; at
// least one identifier equal; none contradicting unless two agree.
func (c *comparison) safe() bool {
	switch c.levels[bornField] {
	case equal, equalDefault, swapped, oneEdit:
	default:
		return false
	}
	differs := func(l level) bool { return l == different || l == differentRenamed || l == missing }
	if differs(c.levels[firstField]) && differs(c.levels[lastField]) {
		return false
	}
	agree, contradict := 0, 0
	for _, f := range [...]field{trnField, ninoField, emailField} {
		switch c.levels[f] {
		case equal:
			agree++
		case different:
			if f != emailField { // people have several
				contradict++
			}
		}
	}
	return agree >= 2 || agree == 1 && contradict == 0
}

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
