/* SPDX-License-Identifier: Apache-2.0 */
/* The guest that is a LIO: starting it (in the process that runs the tests, so nothing is asserted there) and
 * talking to it through its second serial port, which is a Unix socket here. Both end with the process. */
#include "target_lio.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIP 77      /* for meson */
#define PATIENCE 120 /* seconds; a boot takes about five, a command none */

static int fail(const char *what)
{
    fprintf(stderr, "LIO: %s: %s\n", what, strerror(errno));
    return 1;
}

/* ---- The guest's shell ------------------------------------------------------------------------------- */

static struct sockaddr_un control_address(const char *folder)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/control", folder);
    return a;
}

static int control_connect(const char *folder)
{
    struct sockaddr_un a = control_address(folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Reads until there is a line with the word in it: returns what follows the word, and leaves in `text` what
 * came before it. NULL when the guest is gone or silent. */
static const char *read_until(int fd, const char *word, char *text, size_t room)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t n = 0;
    text[0] = '\0';
    while (n + 1 < room && poll(&p, 1, PATIENCE * 1000) == 1) {
        ssize_t k = read(fd, text + n, room - 1 - n);
        if (k <= 0)
            return NULL;
        n += (size_t)k;
        text[n] = '\0';
        char *at = strstr(text, word);
        if (at && strchr(at, '\n')) {
            *at = '\0';
            return at + strlen(word);
        }
    }
    return NULL;
}

const char *target_lio_run(const char *format, ...)
{
    static char text[65536];
    static unsigned serial;
    char command[2048], word[64];
    va_list ap;
    va_start(ap, format);
    cr_assert_lt(vsnprintf(command, sizeof command, format, ap), (int)sizeof command);
    va_end(ap);
    /* No answer to another command has this word in it, not even one that a test left before it came. */
    snprintf(word, sizeof word, "end-%d-%u-%ld", (int)getpid(), serial++, (long)time(NULL));
    int fd = control_connect(getenv("LIO"));
    cr_assert_geq(fd, 0, "the guest: %s", strerror(errno));
    dprintf(fd, "%s %s\n", word, command);
    const char *code = read_until(fd, word, text, sizeof text);
    close(fd);
    cr_assert(code, "the guest did not answer `%s`\n%s", command, text);
    cr_assert_eq(atoi(code), 0, "`%s` in the guest: exit code %d\n%s", command, atoi(code), text);
    return text;
}

/* ---- The witness ------------------------------------------------------------------------------------- */

static int witness_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(TARGET_LIO_PORT)};
    inet_pton(AF_INET, TARGET_LIO_ADDRESS, &a.sin_addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0)
        return -1;
    return fd;
}

/* A byte of a file for each connection. */
static void witness_run(int listener, const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/witness", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
        if (write(file, "!", 1) != 1)
            break;
    _exit(1);
}

int target_lio_witnessed(void)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/witness", getenv("LIO"));
    cr_assert_eq(stat(path, &st), 0, "%s: %s", path, strerror(errno));
    return (int)st.st_size;
}

/* ---- Starting ---------------------------------------------------------------------------------------- */

static int run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A child that ends with this process. */
static pid_t start(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(1);
    return pid;
}

static void run_guest(int listener)
{
    dup2(listener, 3);
    fcntl(3, F_SETFD, 0);
    close_range(4, ~0U, 0);
    execl("/bin/sh", "sh", "-c",
          "exec qemu-system-x86_64 -M pc -accel tcg,thread=multi -cpu max -m 512 -nodefaults -no-user-config "
          "-display none -no-reboot -kernel $LIO_DIR/vmlinuz -initrd $LIO_DIR/initramfs "
          "-append 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on' "
          "-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:3260-10.0.2.15:3260 "
          "-device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci "
          "-drive file=$LIO/noise,format=raw,if=virtio,readonly=on "
          "-serial file:$LIO/console -chardev socket,id=control,fd=3,server=on,wait=off "
          "-serial chardev:control </dev/null >$LIO/qemu.log 2>&1",
          NULL);
    _exit(127);
}

/* Boots and waits for the guest's first words. */
static int boot(struct target_lio *l)
{
    struct sockaddr_un a = control_address(l->workspace.path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 8) != 0)
        return fail("control socket");
    int control = control_connect(l->workspace.path);
    l->guest = start();
    if (l->guest == 0)
        run_guest(listener);
    close(listener);
    char text[4096];
    const char *ready = read_until(control, "guest is ready", text, sizeof text);
    close(control);
    if (ready)
        return 0;
    fprintf(stderr, "LIO: the guest does not boot\n");
    run("cat $LIO/qemu.log $LIO/console >&2");
    return 1;
}

int target_lio_boot(struct target_lio *l)
{
    *l = (struct target_lio){0};
    int code = run("exec \"$LIO_BUILD\" \"$LIO_DIR\" >&2");
    if (code != 0)
        return code;
    if (unshare(CLONE_NEWNET) != 0) {
        bool forbidden = errno == EPERM;
        fail("a network of its own");
        return forbidden ? SKIP : 1;
    }
    if (!workspace_try(&l->workspace))
        return fail("workspace");
    setenv("LIO", l->workspace.path, 1);
    if (run("ip link set lo up && ip address add " TARGET_LIO_ADDRESS "/32 dev lo") != 0)
        return fail("network");
    int listener = witness_listen();
    if (listener < 0)
        return fail("witness");
    l->witness = start();
    if (l->witness == 0)
        witness_run(listener, l->workspace.path);
    close(listener);
    char command[128];
    snprintf(command, sizeof command, "head -c %d /dev/urandom >$LIO/noise", TARGET_LIO_NOISE);
    if (run(command) != 0)
        return fail("noise");
    return boot(l);
}

void target_lio_end(struct target_lio *l)
{
    const pid_t children[] = {l->guest, l->witness};
    for (int i = 0; i < 2; i++)
        if (children[i] > 0) {
            kill(children[i], SIGKILL);
            waitpid(children[i], NULL, 0);
        }
    workspace_free(&l->workspace);
}
