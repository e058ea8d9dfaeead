/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes on lunctl's command line. The factors are those of dd(1): KiB and K 1024, kB 1000. */
#include "size.h"

#include <criterion/criterion.h>
#include <string.h>

static void check(const char *text, uint64_t expected)
{
    uint64_t v = 1;
    cr_assert(size_parse(text, &v), "%s refused", text);
    cr_assert_eq(v, expected, "%s is %llu", text, (unsigned long long)v);
}

static void refuse(const char *text)
{
    uint64_t v = 77;
    cr_assert_not(size_parse(text, &v), "%s taken", text);
    cr_assert_eq(v, 77);
}

Test(size, plain_numbers)
{
    check("0", 0);
    check("4096", 4096);
    check("010", 10);
    check("7b", 7);
    check("7B", 7);
}

Test(size, binary_suffixes)
{
    check("4k", 4096);
    check("4K", 4096);
    check("4KiB", 4096);
    check("1m", 1048576);
    check("3MiB", 3145728);
    check("2g", 2147483648);
    check("1TiB", 1099511627776);
    check("1P", 1125899906842624);
}

Test(size, decimal_suffixes)
{
    check("4kB", 4000);
    check("4KB", 4000);
    check("2MB", 2000000);
    check("1GB", 1000000000);
}

Test(size, hexadecimal)
{
    check("0x1000", 4096);
    check("0XfF", 255);
    check("0x10k", 16384);
}

Test(size, largest_values_fit)
{
    check("18446744073709551615", UINT64_MAX);
    check("0xffffffffffffffff", UINT64_MAX);
    check("16383P", 16383ull << 50);
}

Test(size, overflow_is_refused)
{
    refuse("18446744073709551616");
    refuse("99999999999999999999999");
    refuse("0x10000000000000000");
    refuse("16384P");
    refuse("18014398509481984k");
}

Test(size, no_number_is_refused)
{
    refuse("");
    refuse("k");
    refuse("0x");
    refuse("abc");
}

Test(size, signs_blanks_and_fractions_are_refused)
{
    refuse("-1");
    refuse("+1");
    refuse(" 1");
    refuse("1 ");
    refuse("1 k");
    refuse("1.5k");
    refuse("1,5");
}

Test(size, unknown_suffixes_are_refused)
{
    refuse("1x");
    refuse("1ki");
    refuse("1kib2");
    refuse("1kk");
    refuse("1e");
    refuse("1bb");
}

static void check_text(uint64_t bytes, const char *expected)
{
    char text[SIZE_TEXT];
    size_text(bytes, text);
    cr_assert_str_eq(text, expected);
}

Test(size, text_takes_the_largest_exact_unit)
{
    check_text(0, "0 bytes");
    check_text(512, "512 bytes");
    check_text(1025, "1025 bytes");
    check_text(4096, "4 KiB");
    check_text(67108864, "64 MiB");
    check_text(67109888, "65537 KiB");
    check_text(UINT64_MAX, "18446744073709551615 bytes");
    check_text(1ull << 60, "1024 PiB");
}
