"""Lists deliberate faults: each names a file, a text in it, and the replacement of that text."""

LEDGER = "lib/ledger/ledger.cpp"
STAGING = "lib/ledger/staging.cpp"
REOPENING = "lib/ledger/operators/reopening.cpp"
REPEATS = "lib/ledger/repeats.cpp"
INTAKE = "lib/ledger/intake.cpp"
CLAIMED_FILE = "lib/inbox/claimed_file.cpp"
STORED_CLOCK = "lib/ledger/stored_clock.cpp"
RECOVERY = "lib/ledger/recovery.cpp"
SPOOL = "lib/spool/folder_spool.cpp"
ENGINE = "lib/engine/engine.cpp"
VERDICT = "lib/engine/verdict.cpp"
QUEUE = "lib/queue/sqlite_rows.cpp"
REPLIES = "lib/engine/replies.cpp"
ENGINE_REPLIES = "lib/engine/engine_replies.cpp"
COMMANDS = "lib/engine/engine_commands.cpp"
ADMISSION = "lib/admission/admission.h"
ADMISSION_CPP = "lib/admission/admission.cpp"
RATE = "lib/admission/effective_rate.cpp"
ACCOUNT = "lib/admission/account_gate.h"
BACKLOG = "lib/admission/backlog.h"
TIMING = "lib/schedule/poll_timing.cpp"
BUDGET = "lib/admission/daily_budget"
FAILURES = "lib/admission/failure_run.cpp"
WITNESSES = "lib/admission/witnesses.cpp"

MUTANTS = {
    "no sync of staging/ before the commit": (SPOOL, [(
        ": staging_.files->sync();", ": Result<void>();")]),
    "records staged together are not synced": (SPOOL, [(
        "? staging_.files->sync_all(meanwhile)", "? staging_.files->sync()")]),
    "no sync of the folders after the rename": (SPOOL, [(
        "if (!folder->is_changed) continue;", "if (folder->files) continue;")]),
    "published records are removed after the sync": (SPOOL, [(
        "    folder->is_changed = false;\n  }\n  return {};",
        "    folder->is_changed = false;\n    if (folder == &staging_) continue;\n"
        "    if (const auto names = folder->files->list())\n"
        "      for (const auto& name : *names) (void)folder->files->remove(name);\n"
        "  }\n  return {};")]),
    "rename before the commit": (LEDGER, [(
        "  auto written = queue_.write(begun_->batch, begun_->now.wall);\n",
        "  for (std::size_t i = 0; i < begun_->finishes.size(); ++i) {\n"
        "    const auto& early = begun_->part.finishes[begun_->finishes[i]];\n"
        "    const auto& row = std::get<Stage>(begun_->batch.changes[i]).handshake;\n"
        "    staged_.push_back({early.id, early.outcome, outcome_notice(early),\n"
        "                       repeat_notice(early.id, early.outcome, early.is_repeat), "
        "row.attempt});\n  }\n"
        "  if (const auto early = publish({}); !early) return early.error();\n"
        "  auto written = queue_.write(begun_->batch, begun_->now.wall);\n"), (
        "      staged_.push_back({finish.id, finish.outcome, outcome_notice(finish),\n"
        "                         repeat_notice(finish.id, finish.outcome, finish.is_repeat), "
        "row.attempt});\n",
        "")]),
    "inbox file removed before the commit": (INTAKE, [(
        "  report.inbox_scanned = request.is_full;",
        "  report.inbox_scanned = request.is_full;\n"
        "  if (auto early = inbox_.settle(); !early) return early.error();")]),
    "a claimed file is complete while it is written": (CLAIMED_FILE, [(
        "      writers == Writers::none || (", "      writers != Writers::unknown || (")]),
    "a part of a line passes for a line": ("lib/inbox/submission_reader.cpp", [(
        "if (is_complete) lines_left -= read_rest", "lines_left -= read_rest")]),
    "claimed files of an earlier process are forgotten": ("lib/inbox/folder_inbox.cpp", [(
        "    if (const auto adopted = claims_.adopt(now_); !adopted) return adopted;\n",
        "    return arrivals_.list();\n")]),
    "lines of a round that failed are not read again": (CLAIMED_FILE, [(
        "  lines_.rewind();", "")]),
    "staged without a record is polled again": (RECOVERY, [(
        "    else\n      half_done.published.push_back({row.id, row.outcome});",
        "    else {\n      QueueBatch batch;\n      batch.changes.emplace_back(Unstage{row.id});\n"
        "      (void)queue_.write(batch, now);\n    }")]),
    "staged with a record passes for published": (RECOVERY, [(
        "half_done.unpublished.push_back(std::move(row));",
        "half_done.published.push_back({row.id, row.outcome});")]),
    "a broken record is published": (RECOVERY, [(
        "if (is_unsafe || (*record && **record != row.record))", "if (is_unsafe)")]),
    "nothing is undone on a full disk": (LEDGER, [(
        "  staging_.drop();\n  reopening_.drop();\n  intake_.rewind();\n", "")]),
    "what found no room is forgotten": (LEDGER, [(
        "part.join(std::move(request));", "")]),
    "half a batch is forgotten on a full disk": (LEDGER, [(
        "staged_.erase(staged_.begin(), record);", "staged_.clear();")]),
    "the commit need not be durable": ("lib/queue/sqlite_open.cpp", [
        ("PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF"),
        ('*synchronous != "2"', "synchronous->empty()")]),
    "what a dead process wrote is taken for synced": ("lib/queue/sqlite_open.cpp", [(
        "make_log_durable(SqliteDatabase& database) { return database.checkpoint(); }",
        "make_log_durable(SqliteDatabase&) { return {}; }")]),
    "what is too much for a round is forgotten": (LEDGER, [(
        "std::move(end, finishes.end(), std::back_inserter(rest.finishes));", "")]),
    "what was written ahead passes for synced": (STAGING, [(
        "bounds_.synced_one_by_one && ahead_.empty()", "bounds_.synced_one_by_one")]),
    "an unavailable queue's batch is forgotten": (LEDGER, [(
        "    begun_->may_be_written = true;", "    begun_.reset();")]),
    "a batch that may be written is undone": (LEDGER, [(
        "error.code == Errc::disk_full && !begun_->may_be_written",
        "error.code == Errc::disk_full")]),
    "a retried stage is refused": (QUEUE, [(
        'AND length_bytes = ? AND sha256 = ?"', 'AND length_bytes = ? AND sha256 = ? AND 0"')]),
    "a batch of an old fence is applied": ("tests/contract/memory_queue.h", [(
        "batch.fence.generation == generation_ && !has_lost_all()", "!has_lost_all()")]),
    "tombstones are not looked at": (QUEUE, [(
        "FROM tombstone WHERE id = ?1)", "FROM tombstone WHERE id = ?1 AND 0)")]),
    "the first 8 bytes of a signature suffice": ("lib/crypto/hmac.cpp", [(
        "CRYPTO_memcmp(a.data(), b.data(), a.size())", "CRYPTO_memcmp(a.data(), b.data(), 8)")]),
    "duplicate keys are taken": ("lib/poll/answer.cpp", [(
        "if (fault == JsonFault::duplicate_key) return invalid(Reason::duplicate_key, true);",
        "")]),
    "a pause polls on": (ADMISSION, [(
        "has_capacity() && account_.allows(now) &&", "has_capacity() &&")]),
    "a pause has many canaries at once": (ACCOUNT, [(
        "(!canary_in_flight_ && now.mono >= next_canary_)", "now.mono >= next_canary_")]),
    "no rate limit": (ADMISSION, [(
        "account_.allows(now) && pace_.allows(now.mono)", "account_.allows(now)")]),
    "no bound on connections": (ADMISSION, [(
        "in_flight_ < slow_start_.allowed() &&", "true &&")]),
    "it polls on a full disk": (BACKLOG, [("!is_disk_full_ && ", "")]),
    "the floor is no floor": (TIMING, [(
        "return std::max(due.at, due.floor);", "return due.at;")]),
    "the later expiry does not hold": (ENGINE, [(
        "record.is_lost = false;\n\n", "record.is_lost = false;\n  if (!is_added) return;\n\n")]),
    "expired before the last poll": (VERDICT, [(
        "return record_.is_last_poll && now_.mono >= record_.deadline;",
        "return now_.mono >= record_.deadline - settings_.expiry_grace;")]),
    "unknown fails at once": (VERDICT, [(
        "settings_.unknown_grace});", "Duration(0)});")]),
    "archived is not noticed": (VERDICT, [(
        "if (ended.archived) {", "if (ended.archived && now_.mono < Mono::min()) {")]),
    "rejected at the first doubt": (VERDICT, [(
        "change.witnesses >= settings_.signature_attempts", "change.witnesses > 0")]),
    "polls in a row suffice as witnesses": (VERDICT, [(
        "now_.mono - since >= time)", "time < Duration::max())")]),
    "trouble of all ends a handshake": (VERDICT, [(
        "case Blame::account: break;", "case Blame::account: return suspected.time;")]),
    "without a witness no longer time is needed": (VERDICT, [(
        "return std::max<Duration>(suspected.time, limits::kLoneGraces * settings_.unknown_grace);",
        "return suspected.time;")]),
    "a good answer before the trouble of all is a witness": (WITNESSES, [(
        "others(handshake, Charge::none, std::max(times.since, last))",
        "others(handshake, Charge::none, Mono::min())")]),
    "one that was seen pending is not found": (VERDICT, [(
        "const bool was_pending = record_.was_pending();", "const bool was_pending = false;")]),
    "any 404 is an unknown handshake": ("lib/poll/answer.cpp", [(
        "if (status == 404) return ServerTrouble{status, code};",
        "if (status == 404) return Unknown{status, code};")]),
    "silence ends nothing": (VERDICT, [(
        "return {verdict::Finish{Outcome::failed, Reason::unreachable, {}}, change, "
        "Charge::other};",
        "return {verdict::Wait{}, change, Charge::other};")]),
    "an unverified answer is not kept": (ENGINE_REPLIES, [(
        "return has_no_result ? engine_.untrusted_.take(slot) : std::nullopt;",
        "return std::nullopt;")]),
    "an expiry by a \"not yet\" has a kept answer": (ENGINE_REPLIES, [(
        "verdict.reason != Reason::cancelled && !std::holds_alternative<Pending>(answer);",
        "verdict.reason != Reason::cancelled;")]),
    "a \"not yet\" drops the kept answer": (ENGINE_REPLIES, [(
        "  record.errors = 0;\n  record.is_hint", "  record.errors = 0;\n"
        "  engine_.untrusted_.drop(slot);\n  record.is_hint")]),
    "a signature that held before the trouble of all is a witness": (WITNESSES, [(
        ": answers.last_of_others(handshake, charge, times.lately);", ": Mono::min();")]),
    "trouble that changes all the time never ends": (VERDICT, [(
        "is_same || (are_answers && is_long_over(record, now));", "is_same;")]),
    "silence counts as an answer": (VERDICT, [(
        "!is_silence && record.suspicion != Suspicion::none;",
        "record.suspicion != Suspicion::none;")]),
    "failures of former secrets count": (COMMANDS, [(
        "if (engine_.forgets_failures_) forget_failures(record);", "")]),
    "those in doubt wait although signatures hold again": (ENGINE_REPLIES, [(
        "holds ? engine_.poll_doubted(now_) : engine_.doubted_due_.reset();", "")]),
    "one handshake pauses all": (FAILURES, [("if (same < 2) return false;", "")]),
    "others that are due are not asked before a pause": (FAILURES, [(
        "if (size_ >= pending ||", "if (size_ >= 2 ||")]),
    "a good answer does not prevent a pause": (FAILURES, [(
        "if (is_good_fresh(now)) return false;", "")]),
    "one canary of two doubles the pause": ("lib/admission/account_gate.cpp", [(
        "is_second_next_ = !is_second_next_;", "is_second_next_ = false;")]),
    "trouble that lasts keeps its load": (ENGINE_REPLIES, [(
        "engine_.timing_.remove(std::exchange(record.load, 0));", "")]),
    "a change to stringify is accepted": (ENGINE_REPLIES, [(
        "if (!found.is_accepted) return Verification{};", "")]),
    "a number that stringify changes is delivered": ("lib/verify/verifier.cpp", [(
        "(form != SigningForm::stringify || number_that_stringify_changes(result).empty())",
        "true")]),
    "a twin of a known key is accepted": ("lib/json/json_object.cpp", [(
        "unique && !members.has_twin()", "unique")]),
    "the signature is not looked at": (VERDICT, [(
        "if (!verification_->form) {", "if (false) {")]),
    "a verification that is still under way passes for good": (ENGINE_REPLIES, [(
        "    engine_.admission_.backlog().keep(response.body.size());\n"
        "    step_.actions.emplace_back(Verify{event.ticket, id});\n"
        "    return;",
        "    return on_answer(slot, response, "
        "{read_answer(response, id), Verification{SigningForm::raw}});")]),
    "a verification that failed passes for good": (ENGINE_REPLIES, [(
        "on_answer(slot, *event.response, *event.answer);",
        "on_answer(slot, *event.response, {event.answer->answer, "
        "Verification{SigningForm::raw}});")]),
    "a completed handshake is retried": (REOPENING, [(
        "ended->outcome == Outcome::completed && !retry.even_completed", "false")]),
    "a retry of a handshake that has not ended": (REOPENING, [(
        "if (ended == nullptr) return not_ended<Retried>(*known);",
        "if (ended == nullptr) return Retried::reopened;")]),
    "a completed handshake is readmitted": (REOPENING, [(
        "if (ended->outcome == Outcome::completed) return Readmitted::completed;", "")]),
    "the queue readmits whatever the tombstone says": (QUEUE, [(
        " AND outcome <> 'completed'", "")]),
    "the rejected record is removed before the commit": (REOPENING, [(
        "    row.record = fingerprint_of(*record);",
        "    row.record = fingerprint_of(*record);\n"
        "    spool_.remove_rejected(row.readmitted_from);")]),
    "the rejected record stays": (LEDGER, [(
        "if (is_readmitted) spool_.remove_rejected(record.readmitted_from);", "")]),
    "a readmitted record is renamed before the commit": (REOPENING, [(
        "  const auto synced = spool_.sync_staging(how, {});",
        "  for (const auto& each : staged_)\n"
        "    (void)spool_.publish(each.row.id, each.row.outcome, each.row.attempt);\n"
        "  const auto synced = spool_.sync_staging(how, {});")]),
    "a record of an uncommitted readmission is put aside": (RECOVERY, [(
        "if (!is_readmission && !std::holds_alternative<QueuedHandshake>(*known)) continue;",
        "continue;")]),
    "the tag of the row is not compared": (REOPENING, [(
        "!ended->tag.empty() && ended->tag != readmission.tag", "false")]),
    "an attempt takes the place of an earlier record": (SPOOL, [(
        "number <= attempt + 1; ++number", "number <= 1; ++number")]),
    "another's result is delivered": (REPEATS, [(
        "is_repeat && policy == RepeatPolicy::reject", "policy != RepeatPolicy::reject")]),
    "equal results without an output are rejected": (REPEATS, [(
        " && has_output(finish.response)", "")]),
    "a repeat of a record that is on its way is not seen": (STAGING, [(
        "is_in_queue || is_on_its_way", "is_in_queue")]),
    "a repeat of a record that was written ahead is not seen": (STAGING, [(
        "      note_signature(finishes[i]);\n", "")]),
    "a repeat of a record of an earlier round is not seen": (STAGING, [(
        "is_in_queue || is_on_its_way", "is_on_its_way")]),
    "a tombstone forgets the signature": (QUEUE, [(
        "tag, attempt, signature \"\n", "tag, attempt, NULL \"\n")]),
    "a handshake repeats itself": (QUEUE, [(
        "tombstone WHERE signature = ?1 AND id <> ?2", "tombstone WHERE signature = ?1"), (
        "handshake WHERE signature = ?1 AND id <> ?2", "handshake WHERE signature = ?1")]),
    "Retry-After does not hold for all": (ACCOUNT, [("now.mono >= held_until_ &&", "")]),
    "a shorter Retry-After shortens a longer one": ("lib/admission/account_gate.cpp", [(
        "std::max(held_until_, now.mono +", "(now.mono +")]),
    "a refused rate does not fall": (RATE, [(
        "rate_ = least_ = std::max(least_, floor());", "rate_ = least_ = rate;")]),
    "no pause begins at the floor of the rate": (ADMISSION_CPP, [(
        "if (is_lowered) return false;", "return false;")]),
    "the rate grows above the configured one": (RATE, [(
        "is_lowered_ = rate_ < most();", "")]),
    "any handshake is the canary": (ENGINE, [(
        "admission_.account().is_open() ? lanes_.pop() : take_canary(step.now)",
        "lanes_.pop()")]),
    "only handshakes that are due are canaries": (ENGINE, [(
        "i < most && !admission_", "i < 0 * most && !admission_")]),
    "new settings do not hold for those that wait": (COMMANDS, [(
        "engine_.replanned_ = 0;", "")]),
    "new settings do not move deadlines": (COMMANDS, [(
        "  move_deadlines(settings);\n", "")]),
    "a hint ignores min_interval": (TIMING, [(
        "std::max(now, last_pending + settings_.min_interval)", "now")]),
    "a hint ends a backoff": (COMMANDS, [(
        "record.state != State::waiting || record.errors > 0) return Hinted",
        "record.state != State::waiting) return Hinted")]),
    "a restart forgets the requests of the day": (ENGINE, [(
        "budget.recall(e.spent);", "budget.recall({e.spent.day, 0});")]),
    "requests go out before they are reserved": (BUDGET + ".h", [(
        "spent_ < reserved_ && spent_ < limit_", "spent_ < limit_")]),
    "nothing is kept for last polls": (BUDGET + ".cpp", [(
        "spent_ + kept() >= limit_", "spent_ >= limit_")]),
    "a jump of the clock shifts no stored time": (STORED_CLOCK, [(
        "  current.shift += jump;\n", "")]),
    "tombstones age while the daemon does not run": (STORED_CLOCK, [(
        "Duration(0), limits::kRunningStep)", "Duration(0), Duration::max())")]),
    "a jump of the clock moves no deadline": (ENGINE, [(
        "roster[slot].has_expiry) move", "false) move")]),
    "the expiry is not held against the server's clock": (REPLIES, [(
        "finish != nullptr && finish->reason == Reason::expired", "false")]),
}
