#include "t/load/lib/nginx.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECTIONS 8192
#define MAX_WORKERS 8

static FILE *open_file(const char *path, const char *mode)
{
    FILE *f = fopen(path, mode);
    if (f == NULL) {
        printf("Bail out! %s cannot be opened\n", path);
        exit(EXIT_FAILURE);
    }
    return f;
}

static void write_configuration(const t_nginx_t *n, const t_redis_t *redis, const char *server)
{
    const char *module = getenv("TEST_NGINX_LOAD_MODULES");
    char path[300], cwd[256];
    snprintf(path, sizeof(path), "%s/nginx.conf", n->dir);
    FILE *f = open_file(path, "we");
    if (getcwd(cwd, sizeof(cwd)) == NULL) {
        cwd[0] = '\0';
    }
    if (module != NULL) {
        fprintf(f, "load_module %s;\n", module);
    } else {
        fprintf(f, "load_module %s/build/ngx_voiceagent_module.so;\n", cwd);
    }
    fprintf(
        f,
        "%s worker_processes %d; daemon off; pid %s/pid;\n"
        "error_log %s/error.log notice;\n"
        "events { worker_connections %d; }\n"
        "http {\n"
        "  access_log off;\n"
        "  client_body_temp_path %s/body; proxy_temp_path %s/proxy;\n"
        "  fastcgi_temp_path %s/fastcgi; uwsgi_temp_path %s/uwsgi; scgi_temp_path %s/scgi;\n"
        "  voiceagent_redis redis://127.0.0.1:%d timeout=5s;\n"
        "  server { listen 127.0.0.1:%d backlog=4096 sndbuf=64k;\n%s}\n"
        "}\n",
        geteuid() == 0 ? "user root;" : "", n->workers, n->dir, n->dir, CONNECTIONS, n->dir,
        n->dir, n->dir, n->dir, n->dir, redis->port, n->port, server);
    fclose(f);
}

static int alarming_lines(const t_nginx_t *n)
{
    static const char *const levels[] = {"[alert]", "[crit]", "[emerg]"};
    char path[300], line[2000];
    int count = 0;
    snprintf(path, sizeof(path), "%s/error.log", n->dir);
    FILE *f = open_file(path, "re");
    while (fgets(line, sizeof(line), f) != NULL) {
        for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
            if (strstr(line, levels[i]) != NULL) {
                printf("# %s", line);
                count++;
            }
        }
    }
    fclose(f);
    return count;
}

int t_nginx_stop(t_nginx_t *n)
{
    int status;
    t_kill(n->pid, SIGTERM);
    if (!t_wait(n->pid, 60000, &status)) {
        t_end(n->pid);
        printf("# nginx did not end\n");
        return 1;
    }
    return alarming_lines(n);
}

void t_nginx_reload(const t_nginx_t *n)
{
    t_kill(n->pid, SIGHUP);
}

static bool titled(pid_t pid, const char *what)
{
    char path[64], title[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return false;
    }
    size_t len = fread(title, 1, sizeof(title) - 1, f);
    title[len] = '\0';
    fclose(f);
    return strstr(title, what) != NULL;
}

size_t t_nginx_workers(const t_nginx_t *n, bool leaving, pid_t *pids, size_t max)
{
    char path[64];
    size_t count = 0;
    int pid;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)n->pid, (int)n->pid);
    FILE *f = open_file(path, "re");
    while (count < max && fscanf(f, "%d", &pid) == 1) {
        if (titled(pid, "nginx: worker process") && titled(pid, "shutting down") == leaving) {
            pids[count++] = pid;
        }
    }
    fclose(f);
    return count;
}

/* The port is open before the workers are there. */
static bool is_up(void *arg)
{
    const t_nginx_t *n = arg;
    pid_t pids[MAX_WORKERS];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)n->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
    close(fd);
    return ok && t_nginx_workers(n, false, pids, MAX_WORKERS) == (size_t)n->workers;
}

void t_nginx_start(t_nginx_t *n, const t_redis_t *redis, int workers, const char *server)
{
    const char *binary = getenv("TEST_NGINX_BINARY");
    char configuration[300], log[300];
    n->port = t_free_port();
    n->workers = workers;
    snprintf(n->dir, sizeof(n->dir), "%s/nginx-%d", t_folder(), n->port);
    mkdir(n->dir, 0777);
    write_configuration(n, redis, server);
    snprintf(configuration, sizeof(configuration), "%s/nginx.conf", n->dir);
    snprintf(log, sizeof(log), "%s/error.log", n->dir);
    n->pid = t_spawn("nginx", (const char *const[]){binary != NULL ? binary : "/usr/sbin/nginx",
                                                    "-c", configuration, "-e", log, NULL});
    if (!t_until(is_up, n, 60000)) {
        printf("Bail out! nginx does not come up\n");
        exit(EXIT_FAILURE);
    }
}

long t_memory_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0, anonymous = 0, shared = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = open_file(path, "re");
    while (fgets(line, sizeof(line), f) != NULL) {
        if (sscanf(line, "Pss_Anon: %ld", &kb) == 1) {
            anonymous = kb;
        } else if (sscanf(line, "Pss_Shmem: %ld", &kb) == 1) {
            shared = kb;
        }
    }
    fclose(f);
    if (anonymous == 0) {
        printf("Bail out! %s does not tell what is anonymous\n", path);
        exit(EXIT_FAILURE);
    }
    return anonymous + shared;
}

size_t t_open_files(pid_t pid)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        printf("Bail out! %s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        n += e->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}
