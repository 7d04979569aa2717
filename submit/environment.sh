# Sourced by the other scripts: sets SPARK_HOME, see spark-runtime.sh, and a locale that has UTF-8.
SPARK_HOME=$("$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/spark-runtime.sh")
export SPARK_HOME
# Java reads arguments and file names by the locale. Where it is POSIX, as under cron and in containers, every
# character outside ASCII would become "?".
if [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then
  LC_ALL=$(locale -a 2>/dev/null | grep -im1 -e '^C\.utf-\?8$' -e '\.utf-\?8$' || echo C.UTF-8)
  export LC_ALL
fi
