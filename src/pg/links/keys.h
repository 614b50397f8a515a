// Keys of rows as numbers that the walks can handle: integers are themselves, uuid and text values
// are numbered as they appear. A Keys object lives as long as a query and never calls PostgreSQL,
// so it may be used anywhere; memory comes from the resource given.
#pragma once

#include "pg/boundary/pg.h"

#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/source.h"

namespace vg::pg::links {

// How keys are passed to and from SQL: as bigint, or as text for uuid and text keys.
enum class KeyClass { kInteger, kText };

inline KeyClass key_class_of(Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID ? KeyClass::kInteger
                                                                 : KeyClass::kText;
}

class Keys {
  public:
    // type: of the index's keys: INT4OID, INT8OID, UUIDOID or TEXTOID.
    Keys(Oid type, std::pmr::memory_resource* memory);

    Oid type() const noexcept { return type_; }
    KeyClass key_class() const noexcept { return key_class_of(type_); }

    // From a key of the index, detoasted.
    graph::Vertex of_index(Datum key);
    // From an SQL value: bigint or detoasted text, as key_class() says. What is no uuid stays text,
    // and is the key of no row of a uuid index.
    graph::Vertex of_sql(Datum value);

    // The same key, of another object for the same index.
    graph::Vertex of_other(const Keys& other, graph::Vertex vertex) {
        return key_class() == KeyClass::kInteger ? vertex : number(other.text(vertex));
    }

    // As a key of the index; false for what no row can have. The datum points into this object and
    // is good until the next call.
    bool to_index(graph::Vertex vertex, Datum* key);
    // As uuid; false for what is none.
    bool to_uuid(graph::Vertex vertex, unsigned char (&bytes)[16]) const;
    // Text of a key of class kText.
    std::string_view text(graph::Vertex vertex) const {
        return *texts_[static_cast<std::size_t>(vertex)];
    }
    // Order of results: by number, or bytewise.
    bool before(graph::Vertex a, graph::Vertex b) const {
        return key_class() == KeyClass::kInteger ? a < b : text(a) < text(b);
    }

  private:
    graph::Vertex number(std::string_view text);

    Oid type_;
    std::pmr::unordered_map<std::pmr::string, graph::Vertex> numbers_;
    std::pmr::vector<const std::pmr::string*> texts_;  // keys of numbers_, which do not move
    std::pmr::vector<char> buffer_;
};

}  // namespace vg::pg::links
