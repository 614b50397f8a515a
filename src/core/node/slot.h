// Read and write access to one slot's bytes. A view owns nothing; the bytes must stay put and, in
// PostgreSQL, locked while it is used. Views trust `degree` only after check() said so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/distance/distance.h"
#include "core/distance/link_kernels.h"
#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/storage.h"

namespace vg::node {

class SlotView {
  public:
    SlotView(const Geometry& g, const std::byte* bytes) noexcept : g_(&g), bytes_(bytes) {}

    const SlotHeader& header() const noexcept {
        return *reinterpret_cast<const SlotHeader*>(bytes_);
    }
    bool live() const noexcept {
        return header().state == static_cast<std::uint8_t>(SlotState::kLive);
    }
    bool dead() const noexcept {
        return header().state == static_cast<std::uint8_t>(SlotState::kDead);
    }
    std::size_t degree() const noexcept { return header().degree; }

    StoredVector vector() const noexcept {
        return {g_->storage, g_->dims, header(), bytes_ + g_->vector_offset()};
    }
    // Copies the vector as the index holds it, whatever the storage; dims floats.
    void read_vector(float* out) const noexcept { vector().read(out); }

    const SlotId* ids() const noexcept {
        return reinterpret_cast<const SlotId*>(bytes_ + g_->ids_offset());
    }
    // A link's id with the protected flag (its top bit) removed.
    static SlotId link_id(SlotId stored) noexcept { return stored & kLinkIdMask; }
    SlotId link(std::size_t i) const noexcept { return link_id(ids()[i]); }
    bool link_protected(std::size_t i) const noexcept { return (ids()[i] & ~kLinkIdMask) != 0; }
    // Lengths of the links, of type bf16.
    const std::uint16_t* lengths() const noexcept {
        return reinterpret_cast<const std::uint16_t*>(bytes_ + g_->length_offset());
    }
    // Never NaN, which only damage brings and no sort can bear: that reads as infinity.
    float length(std::size_t i) const noexcept {
        const float length = distance::bf16_to_float(lengths()[i]);
        return length == length ? length : std::numeric_limits<float>::infinity();
    }
    const std::uint64_t* code(std::size_t i) const noexcept {
        return reinterpret_cast<const std::uint64_t*>(bytes_ + g_->codes_offset()) + i * g_->words;
    }
    distance::LinkCodes codes() const noexcept {
        return {code(0), reinterpret_cast<const float*>(bytes_ + g_->bias_offset()),
                reinterpret_cast<const std::uint16_t*>(bytes_ + g_->scale_offset()), degree()};
    }
    const Geometry& geometry() const noexcept { return *g_; }

    // Null when the header obeys the format, else what is wrong. Call before trusting a page.
    const char* check() const noexcept {
        const SlotHeader& h = header();
        if (h.state > static_cast<std::uint8_t>(SlotState::kDead))
            return "unknown slot state";
        if (h.state == static_cast<std::uint8_t>(SlotState::kFree))
            return nullptr;
        if (h.level > kMaxLevel)
            return "impossible level";
        if (h.degree > g_->capacity)
            return "more links than the list can hold";
        if (h.tid_count > kInlineTids)
            return "more heap TIDs than the slot can hold";
        return nullptr;
    }

    static constexpr SlotId kLinkIdMask = 0x7FFFFFFFu;

  protected:
    const Geometry* g_;
    const std::byte* bytes_;
};

class SlotEdit : public SlotView {
  public:
    SlotEdit(const Geometry& g, std::byte* bytes) noexcept : SlotView(g, bytes) {}

    SlotHeader& header() const noexcept { return *reinterpret_cast<SlotHeader*>(raw()); }
    std::byte* bytes() const noexcept { return raw(); }
    std::byte* vector_bytes() const noexcept { return raw() + g_->vector_offset(); }
    // Writes a row that make_storable has left.
    void write_vector(const float* row, const Encoding& encoding) const noexcept {
        node::write_vector(g_->storage, row, g_->dims, encoding, &header(), vector_bytes());
    }
    // Another row joins, which make_storable has made the same.
    void share_vector(const Encoding& encoding) const noexcept {
        node::share_vector(g_->storage, g_->dims, encoding, &header(), vector_bytes());
    }

    struct LinkValue {
        SlotId id;
        bool is_protected;
        float bias;
        std::uint16_t scale;
        std::uint16_t length;
        const std::uint64_t* code;
    };
    void set_link(std::size_t i, const LinkValue& v) const noexcept {
        put_id(i, v.id, v.is_protected);
        array<float>(g_->bias_offset())[i] = v.bias;
        array<std::uint16_t>(g_->scale_offset())[i] = v.scale;
        array<std::uint16_t>(g_->length_offset())[i] = v.length;
        std::memcpy(array<std::uint64_t>(g_->codes_offset()) + i * g_->words, v.code,
                    8 * g_->words);
    }
    void set_protected(std::size_t i, bool is_protected) const noexcept {
        put_id(i, link(i), is_protected);
    }
    // Removes link i by moving the last one into its place.
    void remove_link(std::size_t i) const noexcept {
        const std::size_t last = degree() - 1;
        if (i != last)
            set_link(i, link_value(last));
        --header().degree;
    }
    LinkValue link_value(std::size_t i) const noexcept {
        const distance::LinkCodes c = codes();
        return {link(i),
                link_protected(i),
                c.bias[i],
                c.scale[i],
                array<std::uint16_t>(g_->length_offset())[i],
                code(i)};
    }

  private:
    std::byte* raw() const noexcept { return const_cast<std::byte*>(bytes_); }
    template <typename T>
    T* array(std::uint32_t offset) const noexcept {
        return reinterpret_cast<T*>(raw() + offset);
    }
    void put_id(std::size_t i, SlotId id, bool is_protected) const noexcept {
        array<SlotId>(g_->ids_offset())[i] = id | (is_protected ? ~kLinkIdMask : 0u);
    }
};

}  // namespace vg::node
