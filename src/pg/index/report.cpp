#include "pg/boundary/pg.h"

#include "pg/index/report.h"

#include <cstdarg>

#include "pg/boundary/boundary.h"

namespace vg::pg::index {

void report_corrupt_index(Relation index, const char* detail, ...) {
    StringInfoData words;
    initStringInfo(&words);
    for (;;) {
        va_list args;
        va_start(args, detail);
        const int missing = appendStringInfoVA(&words, detail, args);
        va_end(args);
        if (missing == 0)
            break;
        enlargeStringInfo(&words, missing);
    }
    ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                    errmsg("index \"%s\" is corrupted", RelationGetRelationName(index)),
                    errdetail_internal("%s", words.data), errhint("%s", kRebuildHint)));
    pg_unreachable();
}

void report_corrupt(Relation index, BlockNumber block, const char* what) {
    report_corrupt_index(index, "Block %u: %s.", block, what);
}

}  // namespace vg::pg::index
