# Read by cpack. Files get the time of the release and the modes of their install rules, whoever
# packs and whenever.
set(ENV{SOURCE_DATE_EPOCH} ${CPACK_RELEASED_AT})
