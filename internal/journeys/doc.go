// Package journeys plays both flows end to end: people, operators and
// administrators in browsers of its own, agents inside the helpdesk, and the
// four services over their real HTTP borders, on a clock that the test moves,
// on SQLite and on PostgreSQL. Its steps are named after the arrows of the two
// diagrams; docs/journeys.md leads from an arrow to its function and its step.
// It holds tests only, and no rule: what each package owes by itself is tested there.
package journeys
