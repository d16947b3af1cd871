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
