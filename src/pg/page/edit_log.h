// Working copies of the pages of one edit, and its WAL record. Edits are made on copies, so that
// one that ends in an error has changed nothing.
//
// The record is a generic one (RM_GENERIC_ID): any server replays it without this library. It is
// written here rather than by GenericXLogFinish because that finds what changed byte by byte; the
// format is described with core/node/page_delta.h and has been the same since PostgreSQL 9.6.
// test/tap/001_wal.pl replays it with wal_consistency_checking.
//
// One edit at a time per backend: the copies are static, and belong to whoever called
// copy_for_edit last.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::page {

inline constexpr int kMaxEditPages = MAX_GENERIC_XLOG_PAGES;

// The working copy of the edit's page number `slot` (below kMaxEditPages): the present contents of
// `buffer`, which the caller holds exclusively locked.
Page copy_for_edit(int slot, Buffer buffer);

struct EditedPage {
    Buffer buffer;
    bool is_new;  // logged as a whole
};

// Puts the copies in the place of the pages they are of, logs that where the relation is logged,
// and marks the buffers dirty. They stay locked.
void log_edit(Relation index, const EditedPage* pages, int count);

}  // namespace vg::pg::page
