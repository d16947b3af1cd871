package trasql_test

import (
	"context"
	"testing"
	"time"

	"traid/internal/person"
	"traid/internal/tra"
)

func TestADecisionIsReadAsItWasWritten(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.addRequests(request("r1"), request("r2"))
		full := tra.Decision{
			ID: "d1", Request: "r1", Outcome: tra.TRNFound, TRN: must(person.NewTRN("0012345")), Reason: tra.OtherReason, Note: "note", Why: "why",
			By: "op@example.com", Via: tra.ViaFields, At: start, Stage: tra.StageSecondReview, ReviewFor: "born differently", ReviewedBy: "two@example.com",
			ReviewedAt: start.Add(1 * time.Hour), ReviewWhy: "agreed", Override: true, ReleaseAt: start.Add(2 * time.Hour), ReleasedAt: start.Add(3 * time.Hour),
			Version: 4, EndedAt: start.Add(5 * time.Hour), EndedBy: "cpd", EndedWhy: "over",
		}
		least := decision("d2", "r2", tra.StageToWrite)
		o.addDecisions(full, least)
		for _, want := range []tra.Decision{full, least} {
			got, err := o.store.Decision(o.Context(), want.ID)
			if err != nil {
				o.Fatal(err)
			}
			same(o, "decision", got, want)
		}
		saved := full
		saved.ID, saved.Request, saved.Stage, saved.By = "d2", "r2", tra.StageReleased, "me@example.com"
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveDecision(ctx, saved) })
		got, err := o.store.Decision(o.Context(), "d2")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "saved", got, saved)
		_, err = o.store.Decision(o.Context(), "d9")
		wantNotFound(o, "another id", err)
		wantNotFound(o, "save what is not there", o.store.InTx(o.Context(), func(ctx context.Context, tx tra.Tx) error {
			return tx.SaveDecision(ctx, decision("d9", "r1", tra.StageUndone))
		}))
	})
}

func TestARequestHasAtMostOneOpenDecision(t *testing.T) {
	eachOffice(t, func(o *office) {
		o.addRequests(request("r1"), request("r2"))
		open := []tra.Stage{tra.StageSecondReview, tra.StageToWrite, tra.StageOnTicket}
		ended := []tra.Stage{tra.StageReleased, tra.StageUndone, tra.StageSentBack, tra.StageRefused, tra.StageOvertaken}
		d := decision("d1", "r1", tra.StageToWrite)
		o.addDecisions(d)
		for _, have := range open {
			d.Stage = have
			o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveDecision(ctx, d) })
			for _, stage := range open {
				o.taken(string(stage)+" beside "+string(have), func(ctx context.Context, tx tra.Tx) error {
					return tx.AddDecision(ctx, decision("d2", "r1", stage))
				})
			}
		}
		got, err := o.store.OpenDecision(o.Context(), "r1")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "open decision", got, d)
		o.taken("the same id for another request", func(ctx context.Context, tx tra.Tx) error {
			return tx.AddDecision(ctx, decision("d1", "r2", tra.StageToWrite))
		})
		for _, stage := range ended {
			o.addDecisions(decision(tra.DecisionID("e-"+stage), "r1", stage)) // beside the open one
		}
		o.taken("an ended one that opens again", func(ctx context.Context, tx tra.Tx) error {
			return tx.SaveDecision(ctx, decision("e-undone", "r1", tra.StageToWrite))
		})
		d.Stage = tra.StageOvertaken
		o.tx(func(ctx context.Context, tx tra.Tx) error { return tx.SaveDecision(ctx, d) })
		_, err = o.store.OpenDecision(o.Context(), "r1")
		wantNotFound(o, "an open decision", err)
		o.addDecisions(decision("d3", "r1", tra.StageOnTicket))

		all, err := o.store.Decisions(o.Context(), "r1")
		if err != nil {
			o.Fatal(err)
		}
		var got2 []string
		for _, each := range all {
			got2 = append(got2, string(each.ID))
		}
		same(o, "in the order in which they came", got2, []string{"d1", "e-released", "e-undone", "e-sent_back", "e-refused", "e-overtaken", "d3"})
	})
}

func TestTheSameTRNIsFoundInTheClientsOtherRequests(t *testing.T) {
	eachOffice(t, func(o *office) {
		trn, other := must(person.NewTRN("1234567")), must(person.NewTRN("7654321"))
		found := func(id tra.DecisionID, request tra.RequestID, trn person.TRN, stage tra.Stage) tra.Decision {
			d := decision(id, request, stage)
			d.Outcome, d.TRN = tra.TRNFound, trn
			return d
		}
		another := request("another-client")
		another.Client = "another"
		late := request("on-ticket")
		late.QueuedAt = start.Add(time.Hour)
		o.addRequests(request("this"), request("released"), late, request("undone"), request("overtaken"), request("other-trn"), request("changed"), another)
		o.addDecisions(
			found("d0", "this", trn, tra.StageReleased),
			found("d1", "released", trn, tra.StageReleased), found("d1b", "released", other, tra.StageUndone),
			found("d2", "on-ticket", other, tra.StageReleased), found("d2b", "on-ticket", trn, tra.StageOnTicket),
			found("d3", "undone", trn, tra.StageUndone),
			found("d4", "overtaken", trn, tra.StageOvertaken), found("d4b", "overtaken", other, tra.StageReleased),
			found("d5", "other-trn", other, tra.StageReleased),
			found("d6", "changed", trn, tra.StageReleased), found("d6b", "changed", other, tra.StageReleased),
			found("d7", "another-client", trn, tra.StageReleased),
		)
		got, err := o.store.SameTRN(o.Context(), "cpd", trn, "this")
		if err != nil {
			o.Fatal(err)
		}
		same(o, "requests", ids(got), []string{"released", "on-ticket"})
		got, err = o.store.SameTRN(o.Context(), "cpd", person.TRN{}, "this")
		if err != nil || len(got) != 0 {
			o.Errorf("without a TRN: got %v, %v, want none", ids(got), err)
		}
	})
}
