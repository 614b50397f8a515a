// Last include of every core .cpp: fails to compile if a PostgreSQL header reached the core.
#pragma once

#if defined(POSTGRES_H) || defined(POSTGRES_EXT_H) || defined(PG_VERSION_NUM)
static_assert(false, "src/core must not see PostgreSQL headers");
#endif
