/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted target: plays a conversation, written one PDU a line, to whoever connects to its loopback
 * port, and fails at the first PDU that is not the one expected. A thread of its own runs it; every wait is
 * on an event and the whole script has one deadline.
 *
 *   login MaxBurstLength=65536                     a whole login; keys override or add to our answers, K=-
 * drops expect ScsiCommand as=r cdb=read16(0,8) edtl=4096 R=1 F=1 send DataIn to=r datasn=0 offset=0
 * data=pattern(0,4096) S=1 expect NopOut itt=0xffffffff ttt=7 I=1
 *
 * Verbs
 *   expect KIND [as=NAME] [to=NAME] [FIELD=VALUE]... [data=DATA | data=*] [text{KEY=VALUE ...} | text!{...}]
 *       The next PDU. as= keeps it under a name; to= wants the named PDU's ITT and LUN. Fields not written
 * are not compared, but without data= or text{} the data segment must be empty. In text{}, VALUE may be `*`,
 *       alternatives `a|b`, or `-` (key absent); text!{} allows no other keys. Identity commands (INQUIRY,
 *       REPORT LUNS, ...) that are not the awaited one are answered by the device behind the script.
 *   send KIND [to=NAME] [FIELD=VALUE]... [data=DATA] [sense=KEY/ASC/ASCQ] [text{...}] [ahs=DATA]
 *       Fields not written: ITT (and LUN) from the PDU named by to=, else from the last one expected; StatSN,
 *       ExpCmdSN and MaxCmdSN as the standard has them; the F bit 1. Further: dlen=N and ahslen=WORDS lie
 * about the lengths, cut=N sends only N bytes, split=N sends pieces of N bytes, corrupt=header|data spoils
 * that digest, u8@N=V, u16@N=V, u32@N=V write anywhere in the header, pad=V is the byte used as padding. raw
 * DATA                bytes as they are ping                    NOP-In with a fresh TTT; the answer must be
 * the very next PDU (identity aside): so everything the initiator had to send before it has been seen window
 * N                MaxCmdSN = ExpCmdSN + N - 1 from the next PDU sent (default 32; 0 = closed) statsn N the
 * next StatSN device KEY=VALUE...     see script_device.c: blocks block_size wce wp luns rc16 evpd type
 * max_transfer uas auto on|off             whether the device answers identity commands (default on) close |
 * reset           ends the connection by FIN or RST expect-close            the initiator must end the
 * connection, with nothing more sent accept                  waits for the next connection (the first expect
 * or login does so by itself) mark NAME | wait NAME   lets script_await return; waits for script_signal
 *
 * After the last line the device answers identity commands, SYNCHRONIZE CACHE, NOP-Out and Logout until the
 * initiator closes; anything else fails.
 *
 * Values: numbers; `*`; @NAME.FIELD[+N|-N]; +N or -N relative to what the standard has (CmdSN, ExpStatSN,
 * StatSN, ...); in text $KEY is the last value the initiator sent for KEY,
 * chap(ALGORITHM,ID,SECRET,CHALLENGE) is a CHAP response (RFC 1994), repeat(TEXT,N) is TEXT N times, and \s
 * is a space. DATA is a `+`-joined list of pattern(OFFSET,N) (what script_pattern gives for that place of the
 * LUN), zeros(N), fill(BYTE,N), hex(...), text(...). CDBs: read10, write10, read16, write16, sync10, sync16
 * (LBA,BLOCKS), or hex digits, where a final `*` leaves the rest open.
 *
 * On its own, each PDU of the initiator is held to what the standard always wants: see script_referee.c.
 */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct script;

/* Parses and listens on a free port of 127.0.0.1. Aborts the test on a syntax error. The place names the test
 * in messages. */
struct script *script_new(const char *text, const char *file, int line);
uint16_t script_port(const struct script *s);
/* Lets `wait NAME` go on; may come before it. */
void script_signal(struct script *s, const char *name);
/* Returns when `mark NAME` has been passed; false when the script has failed or ended without it. */
bool script_await(struct script *s, const char *name);
/* Waits for the script's end. NULL when all went as written, else one message with the transcript; valid
 * until script_free. */
const char *script_finish(struct script *s);
/* What has been said so far, for the message of a test that fails elsewhere. Free it. */
char *script_story(struct script *s);
void script_free(struct script *s);

/* The bytes the scripted device holds at [offset, offset + n): every displacement shows. */
void script_pattern(void *to, uint64_t offset, size_t n);

#endif
