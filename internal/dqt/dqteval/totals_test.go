package dqteval

import (
	"math"
	"testing"
	"time"
)

// TestThresholdsAreTheLowestThatKeepToTheRate fills a policy by hand.
func TestThresholdsAreTheLowestThatKeepToTheRate(t *testing.T) {
	var p policy
	for _, at := range []float64{20, 15, 10, 5, -3} {
		p.add(binOf(at), rightly, &outcome{inRecord: true, rank: 1})
	}
	p.add(binOf(12), wrongly, &outcome{inRecord: true, rank: 7})
	p.add(binOf(4), wrongly, &outcome{})
	p.add(binOf(-3), wrongly, &outcome{})
	for name, c := range map[string]struct {
		most     float64
		lowest   float64 // the least sure that is accepted
		right    uint32
		wrong    uint32
		leftHere uint32 // of people in a record: left
	}{
		"none wrong":                      {0, 15, 2, 0, 4},
		"less than one wrong":             {.9, 15, 2, 0, 4},
		"one wrong":                       {1, 5, 4, 1, 1},
		"two wrong":                       {2, 4, 4, 2, 1},
		"never likelier wrong than right": {100, 4, 4, 2, 1},
	} {
		at := p.threshold(c.most)
		accepted, left := p.from(at)
		if accepted.right != c.right || accepted.wrong != c.wrong || left.inRecord != c.leftHere {
			t.Errorf("%s: got %+v and left %+v", name, accepted, left)
		}
		if at > binOf(c.lowest) || probabilityAt(at) < .5 {
			t.Errorf("%s: got a threshold of %v, over the surest that it may take", name, probabilityAt(at))
		}
	}
	p.add(settledAt, wrongly, &outcome{})
	if at := p.threshold(.5); at != settledAt {
		t.Errorf("what is settled without a threshold is wrong too often: got the threshold %d, want never", at)
	}
}

// TestAThresholdIsReadAsItIsTold holds that a probability leads back to its bin.
func TestAThresholdIsReadAsItIsTold(t *testing.T) {
	for bin := binOf(0); bin < binOf(29); bin++ {
		if got := int(math.Round((logOdds(probabilityAt(bin)) - leastSure) * binsABit)); got != bin {
			t.Fatalf("bin %d is told as %v and read as %d", bin, probabilityAt(bin), got)
		}
	}
}

// TestUpperBounds holds the well-known bounds for few events: 3, 4.74 and 9.15 for none, one and four.
func TestUpperBounds(t *testing.T) {
	for count, want := range map[int]float64{0: 2.996, 1: 4.744, 4: 9.154, 100: 118.08, 101: 119.16, 1000: 1053.6} {
		if got := upperBound(count); math.Abs(got-want) > .001+want/10_000 {
			t.Errorf("%d seen: got at most %v, want %v", count, got, want)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var l latencies
	for i := 1; i <= 1000; i++ {
		l.add(int64(i) * 1000)
	}
	for quantile, want := range map[float64]time.Duration{.5: 500 * time.Microsecond, .99: 990 * time.Microsecond} {
		if got := l.at(quantile); got < want || got > want*104/100 {
			t.Errorf("%v: got %v, want %v or a little more", quantile, got, want)
		}
	}
}
