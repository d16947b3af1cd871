// Package drills runs the program as it is run for real, as processes of their
// own over HTTP, kills it with SIGKILL at chosen steps and keeps the helpdesk or
// the register from it for a while, on SQLite and on PostgreSQL. Whatever breaks,
// a request has one ticket, one note and one answer in the end, without anybody's
// help. It holds tests only; what a step owes by itself is tested in its package.
package drills
