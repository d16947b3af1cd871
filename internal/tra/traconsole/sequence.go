package traconsole

import (
	"strconv"
	"strings"

	"traid/internal/tra"
)

// lane is who takes part in a case, in the order of the manual's diagram.
type lane int

const (
	laneClient lane = iota
	laneTRA
	laneHelpdesk
	laneOperator
	laneRegister
)

var laneNames = [...]string{"Client", "TRA API", "Zendesk", "Operator", "DQT"}

// steps say between whom a step of a history goes.
var steps = map[tra.What][2]lane{
	tra.WasReceived: {laneClient, laneTRA}, tra.WasReplaced: {laneClient, laneTRA}, tra.ReplacesEarlier: {laneClient, laneTRA}, tra.WasWithdrawn: {laneClient, laneTRA},
	tra.TicketCreated: {laneTRA, laneHelpdesk}, tra.TicketAdopted: {laneTRA, laneHelpdesk}, tra.TicketFollowedUp: {laneTRA, laneHelpdesk},
	tra.CaseOpened: {laneOperator, laneTRA}, tra.OwnerTook: {laneOperator, laneTRA}, tra.OwnerTookOver: {laneOperator, laneTRA}, tra.OwnerGaveBack: {laneOperator, laneTRA}, tra.OwnerGiven: {laneOperator, laneTRA},
	tra.RegisterSearched: {laneOperator, laneRegister}, tra.DecisionMade: {laneOperator, laneTRA}, tra.DecisionRead: {laneHelpdesk, laneTRA},
	tra.DecisionOnTicket: {laneTRA, laneHelpdesk}, tra.DecisionUndone: {laneOperator, laneTRA},
	tra.ReviewAgreed: {laneOperator, laneTRA}, tra.ReviewSentBack: {laneOperator, laneTRA}, tra.ReviewOverridden: {laneOperator, laneTRA},
	tra.AnswerReleased: {laneTRA, laneClient}, tra.ClientTold: {laneTRA, laneClient}, tra.RecordMerged: {laneRegister, laneTRA},
	tra.TicketReopened: {laneHelpdesk, laneTRA}, tra.CaseReopened: {laneOperator, laneTRA},
	tra.PersonAsked: {laneOperator, laneClient}, tra.QuestionTakenBack: {laneOperator, laneTRA}, tra.PersonAnswered: {laneClient, laneTRA},
}

// The measures of the drawing, in its own units.
const (
	laneFirst, laneStep  = 80, 150
	stepFirst, stepStep  = 62, 34
	drawingWidth         = 2*laneFirst + 4*laneStep
	labelMargin          = 235 // half of the longest label
	arrowLong, arrowHigh = 8, 4
)

// sequenceView is a history drawn as the sequence that it was.
type sequenceView struct {
	Width, Height, Bottom string
	Lanes                 []laneView
	Steps                 []stepView
}

type laneView struct{ Name, X string }

type stepView struct {
	Text, TextX, TextY string
	X1, X2, Y          string
	Arrow              string // its points; empty: a step of the TRA API's own
}

// sequenceOf draws a history. What the TRA API does by itself is a mark on its line.
func sequenceOf(history []tra.Event) sequenceView {
	number := strconv.Itoa
	height := stepFirst + stepStep*len(history)
	v := sequenceView{Width: number(drawingWidth), Height: number(height), Bottom: number(height - 10)}
	for i, name := range laneNames {
		v.Lanes = append(v.Lanes, laneView{name, number(laneFirst + i*laneStep)})
	}
	for i, e := range history {
		between, known := steps[e.What]
		if !known || between[0] == laneOperator && !strings.Contains(e.Who, "@") { // the system itself, or an agent
			between = [2]lane{laneTRA, laneTRA}
			if strings.HasPrefix(e.Who, "helpdesk") {
				between[0] = laneHelpdesk
			}
		}
		from, to, y := laneFirst+int(between[0])*laneStep, laneFirst+int(between[1])*laneStep, stepFirst+i*stepStep
		s := stepView{
			Text: e.What.Text(), X1: number(from), X2: number(to), Y: number(y),
			TextX: number(min(max((from+to)/2, labelMargin), drawingWidth-labelMargin)), TextY: number(y - 7),
		}
		if from != to {
			back := to - arrowLong
			if to < from {
				back = to + arrowLong
			}
			s.Arrow = number(to) + "," + s.Y + " " + number(back) + "," + number(y-arrowHigh) + " " + number(back) + "," + number(y+arrowHigh)
		}
		v.Steps = append(v.Steps, s)
	}
	return v
}
