package tra

// Templates gives the notes for the client that an operator starts from. What
// stands in square brackets has to be filled in or taken out.
func Templates(k Kind, reason FailureReason) []Template {
	if k == BarringCheck {
		return []Template{{Name: "Cannot tell", Text: "We cannot tell from the record. Contact the TRA about this check."}}
	}
	switch reason {
	case NoRecord:
		return []Template{
			{Name: "No record", Text: "We found no record with these details. Ask the person to check their names as they were when they trained, and their date of birth."},
			{Name: "May have trained elsewhere", Text: "We found no record with these details. The person may have trained outside England: ask them [where they trained]."},
		}
	case SeveralRecords:
		return []Template{{Name: "Several records", Text: "More than one record fits these details. Ask the person for their National Insurance number or their TRN."}}
	case DetailsDiffer:
		return []Template{{Name: "Details differ", Text: "The record that these details lead to does not agree with them. Ask the person to check [which detail]."}}
	case NotEnoughDetails:
		return []Template{{Name: "More details", Text: "These details are not enough to find one record. Ask the person for their National Insurance number, their TRN and earlier names."}}
	case CannotTell:
		return []Template{{Name: "Cannot tell", Text: "We cannot tell which record is this person's. Ask the person to check every detail."}}
	}
	return []Template{{Name: "Other", Text: "[Say what the client should do.]"}}
}
