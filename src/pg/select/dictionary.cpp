// Numbers for the distinct values of any hashable type.

#include "pg/boundary/pg.h"

#include "pg/select/select.h"

namespace vg::pg::select {

Dictionary::Dictionary(MemoryContext context, const char* what)
    : context_(context), what_(what), memory_(context), values_(&memory_), numbers_(&memory_) {}

void Dictionary::set_type(Oid type, Oid collation) {
    if (type == UNKNOWNOID || !OidIsValid(type))
        ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                        errmsg("could not determine the data type of %s", what_),
                        errhint("Add an explicit cast, for example to text.")));
    TypeCacheEntry* entry =
        lookup_type_cache(type, TYPECACHE_HASH_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);
    if (!OidIsValid(entry->hash_proc_finfo.fn_oid) || !OidIsValid(entry->eq_opr_finfo.fn_oid))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("%s cannot be of type %s", what_, format_type_be(type)),
                        errdetail("The type has no equality operator or no hash function.")));
    type_ = type;
    collation_ = collation;
    hash_ = &entry->hash_proc_finfo;
    equal_ = &entry->eq_opr_finfo;
    length_ = entry->typlen;
    by_value_ = entry->typbyval;
}

int Dictionary::number(Datum value) {
    const uint32 hash = DatumGetUInt32(FunctionCall1Coll(hash_, collation_, value));
    const auto [first, last] = numbers_.equal_range(hash);
    for (auto i = first; i != last; ++i) {
        const Datum known = values_[static_cast<std::size_t>(i->second)];
        if (DatumGetBool(FunctionCall2Coll(equal_, collation_, known, value)))
            return i->second;
    }
    const MemoryContext old = MemoryContextSwitchTo(context_);
    if (length_ == -1)
        value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    else
        value = datumCopy(value, by_value_, length_);
    MemoryContextSwitchTo(old);
    const int result = static_cast<int>(values_.size());
    values_.push_back(value);
    numbers_.emplace(hash, result);
    bytes_ += 64 + (by_value_ ? 0 : datumGetSize(value, by_value_, length_));
    return result;
}

}  // namespace vg::pg::select
