package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Job is a kick to look at one row: its name says which work, its ID which row.
// Whether something is due is decided by the row, never by the job, so a job
// that comes twice, late or never changes no result. It carries no other data.
type Job struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Kind is River's name for the one kind of job that there is.
func (Job) Kind() string { return "kick" }

// Every is work that is kicked at an interval, and once at start.
type Every struct {
	Name     string
	Interval time.Duration
}

// Work does one named piece of work. It is safe to run twice and at the same time elsewhere.
type Work func(ctx context.Context, id string) error

// jobTimeout bounds one job; PostgreSQL's stuck jobs are rescued soon after it.
const (
	jobTimeout   = 40 * time.Second
	rescueAfter  = 45 * time.Second
	sqliteFetch  = 100 * time.Millisecond
	postgresPoll = time.Second
	jobTries     = 3
	everyTries   = 2 // the second when the first one's process died: the next kick comes only when this one has ended
)

// Jobs puts jobs into the database and, when started, works them.
type Jobs struct {
	db       *DB
	logger   *slog.Logger
	inserter *river.Client[*sql.Tx]
	worker   *river.Client[*sql.Tx]
}

// NewJobs gives the jobs of a database. They can be inserted at once and are worked from Start on.
func NewJobs(db *DB, logger *slog.Logger) (*Jobs, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	inserter, err := river.NewClient(db.riverDriver(), &river.Config{Logger: quiet(logger)})
	if err != nil {
		return nil, fmt.Errorf("sqldb: jobs: %w", err)
	}
	return &Jobs{db: db, logger: logger, inserter: inserter}, nil
}

// InsertTx puts a job into the transaction; it is worked from at on (at once
// when that has passed), and only when the transaction commits.
func (j *Jobs) InsertTx(ctx context.Context, tx *sql.Tx, job Job, at time.Time) error {
	opts := &river.InsertOpts{MaxAttempts: jobTries}
	if at.After(time.Now()) { // River looks at a job with a time of its own only every few seconds
		opts.ScheduledAt = at
	}
	if _, err := j.inserter.InsertTx(ctx, tx, job, opts); err != nil {
		return fmt.Errorf("sqldb: insert job %s: %w", job.Name, err)
	}
	return nil
}

// Start works the jobs until Stop. Every name that is inserted must be in work;
// those of every must be in work too.
func (j *Jobs) Start(ctx context.Context, work map[string]Work, every []Every) error {
	if j.db.Dialect == SQLite {
		if err := j.reset(ctx); err != nil {
			return err
		}
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{work: work})
	periodic := make([]*river.PeriodicJob, 0, len(every))
	for _, e := range every {
		if _, ok := work[e.Name]; !ok {
			return fmt.Errorf("sqldb: nobody works %q", e.Name)
		}
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(e.Interval),
			func() (river.JobArgs, *river.InsertOpts) {
				return Job{Name: e.Name}, &river.InsertOpts{MaxAttempts: everyTries, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
			}, &river.PeriodicJobOpts{RunOnStart: true, ID: e.Name}))
	}
	cfg := &river.Config{
		Logger:       quiet(j.logger),
		Workers:      workers,
		PeriodicJobs: periodic,
		Queues:       map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
		JobTimeout:   jobTimeout, RescueStuckJobsAfter: rescueAfter,
		FetchCooldown: sqliteFetch, FetchPollInterval: postgresPoll,
		CompletedJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: 24 * time.Hour,
		ErrorHandler: errorLog{j.logger},
	}
	if j.db.Dialect == SQLite {
		cfg.FetchPollInterval = sqliteFetch
	}
	client, err := river.NewClient(j.db.riverDriver(), cfg)
	if err != nil {
		return fmt.Errorf("sqldb: jobs: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("sqldb: start jobs: %w", err)
	}
	j.worker = client
	return nil
}

// reset frees what a process that died held. What runs on SQLite runs in this
// process, so at start every running job, every leased task and the lead among
// the processes are such a one's.
func (j *Jobs) reset(ctx context.Context) error {
	return j.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		free := []string{`UPDATE river_job SET state = 'available' WHERE state = 'running'`, `DELETE FROM river_leader`}
		var tasks int // not every service has any
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'tasks'`).Scan(&tasks); err != nil {
			return fmt.Errorf("sqldb: reset jobs: %w", err)
		}
		if tasks > 0 {
			free = append(free, `UPDATE tasks SET leased_until = NULL WHERE leased_until IS NOT NULL`)
		}
		for _, statement := range free {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("sqldb: reset jobs: %w", err)
			}
		}
		return nil
	})
}

// Stop lets running jobs finish until ctx ends, then cancels them.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.worker == nil {
		return nil
	}
	if err := j.worker.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := j.worker.StopAndCancel(hard); err != nil {
			return fmt.Errorf("sqldb: stop jobs: %w", err)
		}
	}
	return nil
}

// unfinished are the states in which a periodic kick makes another one needless.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

type worker struct {
	river.WorkerDefaults[Job]
	work map[string]Work
}

func (w *worker) Work(ctx context.Context, job *river.Job[Job]) error {
	do, ok := w.work[job.Args.Name]
	if !ok {
		return river.JobCancel(fmt.Errorf("sqldb: nobody works %q", job.Args.Name))
	}
	return do(ctx, job.Args.ID)
}

// errorLog logs a failed job by its name and row; River would log its arguments.
type errorLog struct{ logger *slog.Logger }

func (h errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if !errors.Is(err, context.Canceled) {
		h.logger.WarnContext(ctx, "job failed", "job", job.ID, "attempt", job.Attempt, "error", err)
	}
	return nil
}

func (h errorLog) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicVal any, trace string) *river.ErrorHandlerResult {
	h.logger.ErrorContext(ctx, "job panicked", "job", job.ID, "trace", trace)
	return nil
}

// quiet passes River's warnings on and none of its routine messages.
func quiet(l *slog.Logger) *slog.Logger { return slog.New(atLeast{l.Handler(), slog.LevelError}) }

type atLeast struct {
	slog.Handler
	min slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.min && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.min}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.min}
}
