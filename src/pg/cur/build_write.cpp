// The second half of a build: from the scores in the spill to the pages. A class that owns the
// model and its parts, and calls out to PostgreSQL through call_pg: to read the spill and to write
// pages.

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "core/cur/calibrate.h"
#include "core/cur/latent.h"
#include "pg/boundary/boundary.h"
#include "pg/cur/build_state.h"
#include "pg/cur/pages.h"
#include "pg/index/progress.h"

namespace vg::pg::cur {
namespace {

// Sampled rows on which the prediction of recall is tried.
constexpr std::size_t kCalibrationRows = 4000;

// ---- the spill --------------------------------------------------------------------------------
// Plain functions that may ereport.

[[noreturn]] void report_spill(const char* what) {
    elog(ERROR, "could not %s temporary file of scores", what);
    pg_unreachable();
}

void rewind_spill(BufFile* spill) {
    if (BufFileSeek(spill, 0, 0, SEEK_SET) != 0)
        report_spill("rewind");
}

// The next n rows: TIDs, and k scores each.
void read_spill(BufFile* spill, std::size_t n, std::size_t k, ItemPointerData* tids,
                float* columns) {
    for (std::size_t i = 0; i < n; ++i) {
        if (BufFileRead(spill, tids + i, sizeof(ItemPointerData)) != sizeof(ItemPointerData) ||
            BufFileRead(spill, columns + i * k, k * sizeof(float)) != k * sizeof(float))
            report_spill("read from");
    }
}

// TIDs of rows by number; plain reads, so that the file may be of any size.
node::Tid spilled_tid(const Builder* b, std::uint64_t number) {
    const std::uint64_t record =
        sizeof(ItemPointerData) + sizeof(float) * static_cast<std::uint64_t>(b->anchors.count);
    const std::uint64_t at = number * record;
    const std::uint64_t block = at / BLCKSZ;
    ItemPointerData tid;
    if (BufFileSeekBlock(b->spill, static_cast<long>(block)) != 0)
        report_spill("seek in");
    std::byte skip[BLCKSZ];
    const Size before = at % BLCKSZ;
    if (BufFileRead(b->spill, skip, before) != before ||
        BufFileRead(b->spill, &tid, sizeof tid) != sizeof tid)
        report_spill("read from");
    return index::to_tid(tid);
}

// Scores that do not differ teach nothing: all rows stay pending.
void pend_spilled(const Builder* b) {
    for (std::uint64_t i = 0; i < b->rows; ++i) {
        add_pending(b->index, spilled_tid(b, i), true);
        CHECK_FOR_INTERRUPTS();
    }
}

// ---- model and items --------------------------------------------------------------------------

class IndexWriter {
  public:
    explicit IndexWriter(Builder* b)
        : b_(b),
          storage_(static_cast<vg::cur::Storage>(b->options->storage)),
          anchor_items_(static_cast<std::size_t>(b->options->anchor_items)),
          latent_dim_(static_cast<std::uint32_t>(b->options->latent_dim)) {}

    // False where there is nothing to learn.
    bool fit();
    void write();

  private:
    void choose_anchor_items();
    void calibrate();
    void lay_out();
    void describe_model();
    void pack(std::byte* to) const;
    void write_head() const;
    void write_items() const;
    struct Items;
    void write_page(Items* items, std::uint32_t n) const;

    Builder* b_;
    const vg::cur::Storage storage_;
    const std::size_t anchor_items_;
    const std::uint32_t latent_dim_;
    vg::cur::Model model_;
    vg::cur::Codec codec_;
    std::vector<std::uint32_t> pivots_;  // anchor items: places in the sample
    vg::cur::Calibration calibration_;
    vg::cur::MetaData meta_{};
    BlockNumber first_item_block_ = 0;
};

// Rows of one page on their way from the spill.
struct IndexWriter::Items {
    Items(const vg::cur::MetaData& m, std::size_t anchors)
        : layout(items_of(m)),
          columns(layout.slots * anchors),
          tids(layout.slots),
          means(layout.slots),
          latents(std::size_t{layout.slots} * m.dims) {}

    vg::cur::ItemsLayout layout;
    std::vector<float> columns;
    std::vector<ItemPointerData> tids;
    std::vector<float> means;
    std::vector<float> latents;
};

bool IndexWriter::fit() {
    index::report_progress(kPhaseFitting, 0, 0);
    model_ = vg::cur::fit(b_->gram, latent_dim_, b_->options->ridge, kInterruptPoll);
    return !model_.empty();
}

void IndexWriter::choose_anchor_items() {
    const std::size_t n = b_->picked.size();
    std::vector<float> means(n);
    std::vector<float> latents(n * model_.dims);
    vg::cur::project(model_, b_->sample.data(), n, means.data(), latents.data());
    codec_ = vg::cur::make_codec(storage_, model_.dims, latents);
    pivots_ = vg::cur::pivot_rows(latents.data(), n, model_.dims, anchor_items_, kInterruptPoll);
}

void IndexWriter::calibrate() {
    index::report_progress(kPhaseCalibrating, 0, 0);
    const std::size_t tested = std::min(kCalibrationRows, b_->picked.size());
    calibration_ = vg::cur::calibrate(
        std::span<const float>(b_->sample).first(tested * model_.anchors), model_.anchors,
        latent_dim_, storage_, b_->options->ridge, anchor_items_, kInterruptPoll);
}

// What the metapage says of the model.
void IndexWriter::describe_model() {
    vg::cur::MetaData& m = meta_;
    m.anchors = model_.anchors;
    m.dims = model_.dims;
    m.storage = static_cast<std::uint8_t>(storage_);
    m.row_bytes = static_cast<std::uint32_t>(vg::cur::row_bytes(storage_, model_.dims));
    m.slots_per_page = vg::cur::items_layout(m.row_bytes, page::kPageUsable).slots;
    m.anchor_items = static_cast<std::uint32_t>(pivots_.size());
    m.noise = model_.noise;
    m.variance = model_.variance;
    m.energy = model_.energy;
    m.ridge = b_->options->ridge;
    m.build_calls = b_->scorer.calls;
    m.calibration_items = calibration_.items;
    m.calibration_queries = calibration_.queries;
    m.calibration_residual = calibration_.residual;
    for (std::size_t i = 0; i < vg::cur::kBudgets; ++i) {
        m.calibration_budgets[i] = static_cast<double>(calibration_.budgets[i]);
        m.calibration_recall[i] = calibration_.recall[i];
    }
    m.live_items = m.built_items = b_->rows;
    m.scorer_functions = b_->fingerprint.functions;
    m.scorer_version = b_->fingerprint.version;
}

// The metapage, and with it where everything will lie. The head is there already, because rows that
// were skipped went to the pending list while others were still being scored.
void IndexWriter::lay_out() {
    const Relation index = b_->index;
    meta_ = call_pg([=] { return read_cur_meta(index); });
    describe_model();
    meta_.model_block = call_pg([=] { return RelationGetNumberOfBlocks(index); });
    meta_.model_bytes =
        vg::cur::model_layout(meta_.anchors, meta_.dims, meta_.anchor_items).queries +
        packed_bytes(&b_->anchors);
    const auto model_blocks =
        static_cast<BlockNumber>((meta_.model_bytes + page::kPageUsable - 1) / page::kPageUsable);
    first_item_block_ = meta_.model_block + model_blocks;
    const auto item_pages =
        static_cast<BlockNumber>((b_->rows + meta_.slots_per_page - 1) / meta_.slots_per_page);
    meta_.item_tail = item_pages == 0 ? vg::cur::kNoBlock : first_item_block_ + item_pages - 1;
}

// The bytes of the model into zeroed memory; see ModelLayout.
void IndexWriter::pack(std::byte* to) const {
    const vg::cur::ModelLayout l =
        vg::cur::model_layout(meta_.anchors, meta_.dims, meta_.anchor_items);
    std::memcpy(to + l.low, codec_.low.data(), sizeof(float) * meta_.dims);
    std::memcpy(to + l.step, codec_.step.data(), sizeof(float) * meta_.dims);
    for (std::size_t i = 0; i < pivots_.size(); ++i) {
        const std::uint64_t number = b_->picked[pivots_[i]];
        vg::cur::AnchorRef ref{};
        ref.block = first_item_block_ + static_cast<BlockNumber>(number / meta_.slots_per_page);
        ref.slot = static_cast<std::uint16_t>(number % meta_.slots_per_page);
        ref.tid = call_pg([this, number] { return spilled_tid(b_, number); });
        std::memcpy(to + l.anchor_refs + i * sizeof ref, &ref, sizeof ref);
    }
    std::memcpy(to + l.components, model_.components.data(),
                sizeof(float) * model_.components.size());
    pack_anchors(&b_->anchors, to + l.queries);
}

void IndexWriter::write_head() const {
    std::vector<std::byte> packed(meta_.model_bytes, std::byte{0});
    pack(packed.data());
    call_pg([this, model = packed.data()] {
        const Buffer buffer = page::read_page(b_->index, vg::cur::kMetaBlock, vg::cur::kMetaPage,
                                              BUFFER_LOCK_EXCLUSIVE);
        *cur_page_meta(BufferGetPage(buffer)) = meta_;
        MarkBufferDirty(buffer);
        UnlockReleaseBuffer(buffer);
        write_model(b_->index, model, meta_.model_bytes);
    });
}

// Adds a page with the first n of the items. May ereport.
void IndexWriter::write_page(Items* items, std::uint32_t n) const {
    const Buffer buffer = page::add_page(b_->index, MAIN_FORKNUM, vg::cur::kItemsPage);
    const Page page = BufferGetPage(buffer);
    for (std::uint32_t i = 0; i < n; ++i) {
        item_tids(page)[i] = index::to_tid(items->tids[i]);
        item_means(items->layout, page)[i] = items->means[i];
        codec_.encode(items->latents.data() + std::size_t{i} * meta_.dims,
                      item_rows(items->layout, page) + std::size_t{i} * items->layout.row_bytes);
    }
    page::trailer_of(page)->used = static_cast<std::uint16_t>(n);
    MarkBufferDirty(buffer);
    UnlockReleaseBuffer(buffer);
}

void IndexWriter::write_items() const {
    Items items(meta_, model_.anchors);
    Items* const at = &items;
    call_pg([this] { rewind_spill(b_->spill); });
    for (std::uint64_t first = 0; first < b_->rows; first += items.layout.slots) {
        const auto n = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(items.layout.slots, b_->rows - first));
        call_pg([=, this] {
            read_spill(b_->spill, n, model_.anchors, at->tids.data(), at->columns.data());
        });
        vg::cur::project(model_, items.columns.data(), n, items.means.data(), items.latents.data());
        call_pg([=, this] { write_page(at, n); });
        poll_interrupts();
        index::report_progress(kPhaseWriting, static_cast<double>(first + n),
                               static_cast<double>(b_->rows));
    }
}

void IndexWriter::write() {
    choose_anchor_items();
    calibrate();
    lay_out();
    write_head();
    write_items();
}

}  // namespace

vg::cur::MetaData empty_cur_meta() {
    vg::cur::MetaData m{};
    m.magic = vg::cur::kMagic;
    m.version = vg::cur::kFormatVersion;
    m.page_bytes = BLCKSZ;
    m.item_tail = vg::cur::kNoBlock;
    m.pending_insert = vg::cur::kPendingHead;
    return m;
}

void write_cur_index(Builder* b) {
    IndexWriter writer(b);
    if (writer.fit())
        writer.write();
    else
        call_pg([=] { pend_spilled(b); });
}

}  // namespace vg::pg::cur
