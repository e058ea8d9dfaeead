/* SPDX-License-Identifier: Apache-2.0 */
/* The intrusive list keeps order, whatever is added, removed or moved. */
#include "base/list.h"

#include <criterion/criterion.h>

struct item {
    int id;
    struct list node;
};

static struct item items[4];

static void setup(void)
{
    for (int i = 0; i < 4; i++) {
        items[i].id = i;
        list_init(&items[i].node);
    }
}

TestSuite(list, .init = setup);

/* The ids in order as a decimal number: 1023 for 1, 0, 2, 3; -1 when empty. Checks the way back too. */
static int ids(const struct list *l)
{
    int forward = 0, backward = 0, scale = 1;
    if (list_empty(l))
        return -1;
    LIST_EACH(l, it) forward = forward * 10 + LIST_OF(it, struct item, node)->id;
    for (const struct list *it = l->prev; it != l; it = it->prev, scale *= 10)
        backward += scale * LIST_OF(it, struct item, node)->id;
    cr_assert_eq(forward, backward);
    return forward;
}

Test(list, new_is_empty)
{
    struct list l;
    list_init(&l);
    cr_assert(list_empty(&l));
    cr_assert_null(list_pop(&l));
}

Test(list, append_and_prepend)
{
    struct list l;
    list_init(&l);
    list_append(&l, &items[2].node);
    list_append(&l, &items[3].node);
    list_prepend(&l, &items[1].node);
    cr_assert_not(list_empty(&l));
    cr_assert_eq(ids(&l), 123);
}

Test(list, remove_at_each_place)
{
    for (int gone = 1; gone <= 3; gone++) {
        struct list l;
        list_init(&l);
        for (int i = 1; i <= 3; i++)
            list_append(&l, &items[i].node);
        list_remove(&items[gone].node);
        cr_assert_eq(ids(&l), gone == 1 ? 23 : gone == 2 ? 13 : 12);
        cr_assert(list_empty(&items[gone].node));
    }
}

Test(list, remove_what_is_in_no_list)
{
    list_remove(&items[0].node);
    list_remove(&items[0].node);
    cr_assert(list_empty(&items[0].node));
}

Test(list, removed_may_be_added_again)
{
    struct list l;
    list_init(&l);
    list_append(&l, &items[1].node);
    list_append(&l, &items[2].node);
    list_remove(&items[1].node);
    list_append(&l, &items[1].node);
    cr_assert_eq(ids(&l), 21);
}

Test(list, pop_takes_the_first)
{
    struct list l;
    list_init(&l);
    list_append(&l, &items[1].node);
    list_append(&l, &items[2].node);
    cr_assert_eq(LIST_OF(list_pop(&l), struct item, node)->id, 1);
    cr_assert_eq(LIST_OF(list_pop(&l), struct item, node)->id, 2);
    cr_assert_null(list_pop(&l));
}

Test(list, splice_to_the_end)
{
    struct list to, from;
    list_init(&to);
    list_init(&from);
    list_append(&to, &items[1].node);
    list_append(&from, &items[2].node);
    list_append(&from, &items[3].node);
    list_splice(&to, &from);
    cr_assert_eq(ids(&to), 123);
    cr_assert(list_empty(&from));
}

Test(list, splice_with_empty_ones)
{
    struct list to, from;
    list_init(&to);
    list_init(&from);
    list_splice(&to, &from);
    cr_assert(list_empty(&to));
    list_append(&from, &items[1].node);
    list_splice(&to, &from);
    cr_assert_eq(ids(&to), 1);
    list_splice(&to, &from);
    cr_assert_eq(ids(&to), 1);
}

Test(list, remove_while_walking)
{
    struct list l;
    list_init(&l);
    for (int i = 0; i < 4; i++)
        list_append(&l, &items[i].node);
    int seen = 0;
    LIST_EACH_SAFE(&l, it)
    {
        seen++;
        if (LIST_OF(it, struct item, node)->id % 2 == 0)
            list_remove(it);
    }
    cr_assert_eq(seen, 4);
    cr_assert_eq(ids(&l), 13);
}
