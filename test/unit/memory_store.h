// The second kind of store (core/store/store.h): pages in memory, for tests. What PostgreSQL would
// do is done by the letter, so that a rule that is broken shows: pages that an edit opens out of
// lock order, a fifth page, a look that nobody let go of, an edit that was changed and rolled back.
// A commit may be told to fail, as a server that crashes would. Several stores on the same pages
// are several writers; with Turns they take turns between their edits.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/node/geometry.h"
#include "core/store/store.h"
#include "turns.h"

namespace vg::test {

// An edit that was told to fail.
struct Crash : std::runtime_error {
    Crash() : std::runtime_error("a commit was told to fail") {}
};

struct MemoryPage {
    std::vector<std::byte> data;
    node::PageTrailer trailer{};
    node::PageKind kind() const { return static_cast<node::PageKind>(trailer.kind); }
};

// What is on the disk, so to say: what has been committed.
class MemoryPages {
  public:
    MemoryPages(const node::MetaData& meta, std::uint32_t usable)
        : geometry(node::geometry_of(meta)), usable_bytes(usable) {
        add(node::PageKind::kMeta);
        this->meta() = meta;
    }

    MemoryPage& add(node::PageKind kind) {
        pages.push_back(empty_page(kind));
        return *pages.back();
    }
    // Of as many bytes as it may use, so that a sanitizer sees every step beyond them.
    std::unique_ptr<MemoryPage> empty_page(node::PageKind kind) const {
        auto page = std::make_unique<MemoryPage>();
        std::size_t bytes = usable_bytes;
        if (kind == node::PageKind::kMeta)
            bytes = sizeof(node::MetaData);
        else if (kind == node::PageKind::kSlots)
            bytes = std::size_t{geometry.slots_per_page} * geometry.slot_bytes;
        page->data.resize(bytes);
        page->trailer.kind = static_cast<std::uint16_t>(kind);
        return page;
    }
    MemoryPage& at(std::uint32_t block, node::PageKind kind) {
        if (block >= pages.size() || pages[block]->kind() != kind)
            throw std::runtime_error("block " + std::to_string(block) + " is no page of kind " +
                                     std::to_string(static_cast<int>(kind)));
        return *pages[block];
    }
    node::MetaData& meta() {
        return *reinterpret_cast<node::MetaData*>(pages.front()->data.data());
    }
    const node::MetaData& meta() const {
        return *reinterpret_cast<const node::MetaData*>(pages.front()->data.data());
    }

    node::Geometry geometry;
    std::uint32_t usable_bytes;
    std::vector<std::unique_ptr<MemoryPage>> pages;
    std::set<std::uint64_t> inserts;  // under way, by number
    std::uint64_t next_insert = 0;
    std::uint64_t looks = 0;    // pages looked at or copied
    std::uint64_t commits = 0;  // edits that changed something
    std::function<void()> after_commit;
    std::function<void()> before_edit;  // once, before the next edit of any store begins
};

// An insert that is under way, for wait_for_inserts.
class InsertGate {
  public:
    explicit InsertGate(MemoryPages& pages) : pages_(pages), number_(pages.next_insert++) {
        pages_.inserts.insert(number_);
    }
    ~InsertGate() { pages_.inserts.erase(number_); }
    InsertGate(const InsertGate&) = delete;
    InsertGate& operator=(const InsertGate&) = delete;

  private:
    MemoryPages& pages_;
    std::uint64_t number_;
};

class MemoryStore final : public store::Store {
  public:
    explicit MemoryStore(MemoryPages& pages, Turns* turns = nullptr)
        : Store(pages.geometry, pages.usable_bytes), pages_(pages), turns_(turns) {}

    // The n-th commit from now on fails, and every one behind it; 0: none.
    void fail_at(std::uint64_t n) { fail_at_ = n; }

    node::MetaData meta() override {
        turn();
        return pages_.meta();
    }
    store::Block blocks() override { return static_cast<store::Block>(pages_.pages.size()); }
    using Store::look;
    const std::byte* look(store::Block block, node::PageKind kind) override {
        if (!editing_)
            turn();
        require(!looking_, "a page is looked at while another one is");
        require(!editing_ || last_ < std::pair{kind, block}, "a look breaks the lock order");
        looking_ = true;
        ++pages_.looks;
        return pages_.at(block, kind).data.data();
    }
    void let_go() override {
        require(looking_, "nothing is looked at");
        looking_ = false;
    }
    bool copy(store::Block block, store::SlotsCopy* out) override {
        turn();
        require(!looking_ && !editing_, "a page is copied while others are locked");
        if (block >= pages_.pages.size())
            throw std::runtime_error("a link points past the end of the index");
        const MemoryPage& page = *pages_.pages[block];
        if (page.kind() != node::PageKind::kSlots)
            return false;
        ++pages_.looks;
        out->take(page.data.data(), page.trailer.used);
        return true;
    }
    void begin_walk(store::Block end) override {
        require(walk_ == walk_end_, "a walk begins while another one is under way");
        walk_ = store::kMetaBlock + 1;
        walk_end_ = std::max(end, walk_);
    }
    bool next_of_walk(store::Block* block, store::SlotsCopy* out) override {
        while (walk_ < walk_end_) {
            *block = walk_++;
            if (copy(*block, out))
                return true;
        }
        return false;
    }
    void end_walk() override { walk_ = walk_end_; }
    void prefetch(node::SlotId) override {}

    void begin() override {
        turn();
        if (const auto hook = std::exchange(pages_.before_edit, nullptr))
            hook();
        require(!looking_ && !editing_, "an edit begins while pages are locked");
        editing_ = true;
        last_ = {node::PageKind{}, 0};
        opened_.clear();
        considered_ = false;
    }
    store::PageEdit edit(store::Block block, node::PageKind kind) override {
        require(editing_, "a page is changed outside of an edit");
        for (const Opened& o : opened_) {
            if (o.block == block)
                return edit_of(*o.page);
        }
        if (considered_) {
            require(last_ == std::pair{kind, block}, "another page is considered");
            considered_ = false;
        } else {
            lock(block, kind);
        }
        return open(block, std::make_unique<MemoryPage>(pages_.at(block, kind)));
    }
    const std::byte* consider(store::Block block, node::PageKind kind) override {
        require(editing_ && !considered_, "a page cannot be considered now");
        for (const Opened& o : opened_) {
            if (o.block == block)
                return nullptr;
        }
        before_ = last_;
        lock(block, kind);
        considered_ = true;
        return pages_.at(block, kind).data.data();
    }
    void drop() override {
        require(considered_, "nothing is considered");
        considered_ = false;
        last_ = before_;
    }
    store::PageEdit add(node::PageKind kind, store::Block* block) override {
        require(editing_ && !considered_, "a page is added outside of an edit");
        *block = static_cast<store::Block>(pages_.pages.size() + added_++);
        return open(*block, pages_.empty_page(kind));
    }
    bool has_room(store::Block block) const override {
        return opened_.size() < kMostPages ||
               std::any_of(opened_.begin(), opened_.end(),
                           [&](const Opened& o) { return o.block == block; });
    }
    void commit() override {
        require(editing_ && !considered_ && !looking_, "an edit ends that cannot");
        const bool changes = !opened_.empty();
        if (changes && fail_at_ != 0 && --fail_at_ == 0) {
            fail_at_ = 1;
            throw Crash();
        }
        for (Opened& o : opened_) {
            if (o.block >= pages_.pages.size())
                pages_.pages.resize(o.block + 1);
            pages_.pages[o.block] = std::move(o.page);
        }
        close();
        if (!changes)
            return;
        ++pages_.commits;
        if (pages_.after_commit)
            pages_.after_commit();
        turn();
    }
    void rollback() override {
        require(editing_ && !considered_ && !looking_ && added_ == 0,
                "an edit is rolled back that cannot be");
        for (const Opened& o : opened_) {
            const MemoryPage& before = *pages_.pages[o.block];
            require(before.data == o.page->data && before.trailer.used == o.page->trailer.used,
                    "an edit is rolled back that changed something");
        }
        close();
    }

    void poll() override {
        require(!looking_ && !editing_, "a cancel would be answered while pages are locked");
        turn();
    }
    void pause() override { poll(); }
    void wait_for_inserts() override {
        const std::set<std::uint64_t> begun = pages_.inserts;
        const auto over = [&] {
            return std::none_of(begun.begin(), begun.end(), [&](std::uint64_t number) {
                return pages_.inserts.count(number) > 0;
            });
        };
        if (turns_ != nullptr)
            turns_->wait_until(over);
        else
            require(over(), "an insert is waited for that nobody goes on with");
    }

  private:
    static constexpr std::size_t kMostPages = 4;
    struct Opened {
        store::Block block;
        std::unique_ptr<MemoryPage> page;  // working copy
    };

    static void require(bool holds, const char* what) {
        if (!holds)
            throw std::logic_error(what);
    }
    void turn() {
        if (turns_ != nullptr)
            turns_->yield();
    }
    static store::PageEdit edit_of(MemoryPage& page) { return {page.data.data(), &page.trailer}; }
    void lock(store::Block block, node::PageKind kind) {
        require(last_ < std::pair{kind, block}, "an edit breaks the lock order");
        last_ = {kind, block};
    }
    store::PageEdit open(store::Block block, std::unique_ptr<MemoryPage> page) {
        require(opened_.size() < kMostPages, "too many pages in one edit");
        opened_.push_back({block, std::move(page)});
        return edit_of(*opened_.back().page);
    }
    void close() {
        opened_.clear();
        editing_ = false;
        added_ = 0;
    }

    void raise_corrupt(store::Block block, const char* what) override {
        throw std::runtime_error("block " + std::to_string(block) + ": " + what);
    }
    void raise_full() override { throw std::runtime_error("the index has too many nodes"); }

    MemoryPages& pages_;
    Turns* turns_;
    std::uint64_t fail_at_ = 0;
    bool looking_ = false;
    bool editing_ = false;
    bool considered_ = false;
    std::pair<node::PageKind, store::Block> last_{};    // locked last
    std::pair<node::PageKind, store::Block> before_{};  // before what is considered
    std::size_t added_ = 0;
    std::vector<Opened> opened_;
    store::Block walk_ = 0;
    store::Block walk_end_ = 0;
};

}  // namespace vg::test
