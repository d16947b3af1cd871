package govuk

// Errors are what is wrong with a form, in the order of its fields.
type Errors []FieldError

// FieldError is what is wrong with one field, named by the id of its input; an empty Field means the whole form.
type FieldError struct {
	Field   string
	Message string
}

// Add notes what is wrong with a field. Several fields or messages may be added; the summary shows all.
func (e *Errors) Add(field, message string) {
	*e = append(*e, FieldError{Field: field, Message: message})
}

// Of gives the first message about any of the fields, or a message that is not drawn.
func (e Errors) Of(fields ...string) ErrorMessage {
	for _, err := range e {
		for _, f := range fields {
			if err.Field == f {
				return ErrorMessage{Text: err.Message}
			}
		}
	}
	return ErrorMessage{}
}

// Summary gives the page's error summary, each message with a link to its field.
func (e Errors) Summary() ErrorSummaryOptions {
	var o ErrorSummaryOptions
	for _, err := range e {
		link := ErrorLink{Text: err.Message}
		if err.Field != "" {
			link.Href = "#" + err.Field
		}
		o.ErrorList = append(o.ErrorList, link)
	}
	return o
}
