// Loaded before the C library: faults of the machine, while a process writes its files. Sockets, pipes and terminals
// are left alone.
//
// KILL_AT=N: the process is killed in place of the Nth call that changes files, in the midst of it where it writes.
// FAULTS=FILE: what the file says now, in one line. "CALL NUMBER": each such call fails with this error.
// "clock SECONDS": the machine's clock is so far ahead. "stall SECONDS": what writes an output stands still before its
// bytes are on the disk, as long as the file says so and no longer than this.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static int calls;

// What the file of faults says of a call. 0: nothing.
static long said(const char *call) {
    const char *path = getenv("FAULTS");
    int kept = errno;
    char text[64] = "", name[32] = "";
    long number = 0;
    int file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    if (file >= 0) {
        if (syscall(SYS_read, file, text, sizeof text - 1) > 0 && sscanf(text, "%31s %ld", name, &number) == 2 &&
            strcmp(name, call) != 0)
            number = 0;
        syscall(SYS_close, file);
    }
    errno = kept;
    return number;
}

static int is_file(int fd) {
    struct stat stat;
    return fstat(fd, &stat) == 0 && (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode));
}

static int is_last(void) {
    const char *last = getenv("KILL_AT");
    return last && __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) == atoi(last);
}

static int fails(const char *call) {
    if (is_last()) kill(getpid(), SIGKILL);
    int error = said(call);
    if (error) errno = error;
    return error;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_file(fd)) return REAL(write, fd, bytes, count);
    if (is_last()) {
        REAL(write, fd, bytes, count / 2);
        kill(getpid(), SIGKILL);
    }
    long error = said("write");
    // A disk takes what it has room for first.
    if (error && count > 1) return REAL(write, fd, bytes, count / 2);
    if (error) return errno = error, -1;
    return REAL(write, fd, bytes, count);
}

static int mode_of(int flags, va_list more) { return flags & O_CREAT ? va_arg(more, int) : 0; }

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = mode_of(flags, more);
    va_end(more);
    if (flags & O_CREAT && fails("open")) return -1;
    return REAL(open, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = mode_of(flags, more);
    va_end(more);
    if (flags & O_CREAT && fails("open")) return -1;
    return REAL(open64, path, flags, mode);
}

int fchmod(int fd, mode_t mode) { return fails("fchmod") ? -1 : REAL(fchmod, fd, mode); }
int fsync(int fd) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, ".part") && !strstr(path, ".bucket-cors-sync"))
        for (long rest = said("stall") * 100; rest > 0 && said("stall"); rest--) usleep(10000);
    return fails("fsync") ? -1 : REAL(fsync, fd);
}
int rename(const char *from, const char *to) { return fails("rename") ? -1 : REAL(rename, from, to); }
int unlink(const char *path) { return fails("unlink") ? -1 : REAL(unlink, path); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir") ? -1 : REAL(mkdir, path, mode); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += said("clock");
    return result;
}
