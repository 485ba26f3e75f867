using System.Globalization;
using System.Text;
using Mcu.Emulation.Machines;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>
/// What Armv8.1-M adds, one instruction after the other, in both emulators. <c>armv8.1-m.txt</c> lists the instructions and
/// marks those that Renode lacks.
/// </summary>
public sealed class ArmV81MTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const int RecordBytes = 32;
    private const uint Executed = 1;
    private const uint Undefined = 2;
    private const char Lacking = '-';
    private const char Differing = '~';
    private const char Fatal = '!';

    /// <summary>Registers before each instruction, the record after it, and the handler that steps over an undefined one.</summary>
    private const string Frame =
        """
        #include <string.h>
        uint8_t mcu_records[RECORDS * 32];
        uint32_t mcu_buffer[64], mcu_pattern[64];
        static uint32_t table[16] __attribute__((aligned(128)));
        const uint32_t mcu_vectors[24] = {
            0x3F800000, 0xBF800000, 0x3F800000, 0x40000000, 0x3FC00000, 0xC0100000, 0x40400000, 0x3F000000,
            0x40000000, 0x3F400000, 0xBFA00000, 0x40800000, (uint32_t)mcu_buffer, (uint32_t)mcu_buffer, (uint32_t)mcu_buffer, (uint32_t)mcu_buffer,
            0, 0, 0, 0, (uint32_t)mcu_buffer, 0, (uint32_t)mcu_buffer, 0 };
        void mcu_trap(void);
        void mcu_try(void);
        __asm__(
            ".text\n.syntax unified\n"
            ".thumb_func\nmcu_trap:\n movw r0, #0xED28\n movt r0, #0xE000\n ldr r1, [r0]\n str r1, [r0]\n movs r3, #2\n tst r1, #0x10000\n it eq\n moveq r3, #3\n"
            " str r3, [r9]\n ldr r1, [sp, #24]\n adds r1, #4\n str r1, [sp, #24]\n ldr r1, [sp, #28]\n bic r1, #0x06000000\n bic r1, #0xFC00\n str r1, [sp, #28]\n bx lr\n"
            ".thumb_func\nmcu_set_up:\n movs r0, #1\n str r0, [r9]\n movw r0, #:lower16:mcu_pattern\n movt r0, #:upper16:mcu_pattern\n"
            " movw r1, #:lower16:mcu_buffer\n movt r1, #:upper16:mcu_buffer\n mov r2, #64\n1: ldr r3, [r0], #4\n str r3, [r1], #4\n subs r2, #1\n bne 1b\n"
            " movs r0, #0\n movt r0, #4\n vmsr fpscr, r0\n movs r6, #0\n vmsr vpr, r6\n movw r0, #:lower16:mcu_vectors\n movt r0, #:upper16:mcu_vectors\n vldmia r0, {d0-d11}\n"
            " sub r0, r1, #256\n mov r1, r0\n movs r2, #3\n movs r3, #5\n movs r4, #4\n movs r5, #16\n movs r6, #0\n movs r7, #0\n msr apsr_nzcvq, r6\n bx lr\n"
            ".thumb_func\nmcu_record:\n lctp\n vmrs r10, p0\n str r4, [r9, #4]\n str r5, [r9, #8]\n add r11, r9, #16\n vstmia r11, {d0-d1}\n"
            " movw r1, #:lower16:mcu_buffer\n movt r1, #:upper16:mcu_buffer\n mov r2, #64\n1: ldr r3, [r1], #4\n add r10, r3, r10, ror #31\n subs r2, #1\n bne 1b\n str r10, [r9, #12]\n bx lr\n"
            ".thumb_func\n.global mcu_try\nmcu_try:\n push {r4-r11, lr}\n vpush {d8-d15}\n"
        INSTRUCTIONS
            " vpop {d8-d15}\n pop {r4-r11, pc}\n");
        int fake_run(fake_t *net) {
            volatile uint32_t *control = (volatile uint32_t *)0xE000ED00u;
            const uint32_t *old = (const uint32_t *)control[2];
            (void)net;
            for (int i = 0; i < 16; i++) { table[i] = old[i]; }
            for (uint32_t i = 0; i < 64; i++) { mcu_pattern[i] = 0x01234567u * (i + 3u); }
            table[6] = (uint32_t)mcu_trap;
            control[2] = (uint32_t)table;
            control[9] |= 1u << 18;
            __asm volatile("dsb\nisb");
            mcu_try();
            return 0;
        }
        """;

    [Fact]
    public async Task Renode_executes_what_it_has_with_the_results_of_QEMU_and_the_list_names_the_rest()
    {
        await MachineBench.NeedRenodeAsync();
        (char Mark, string Text)[] list = [.. List().Where(entry => entry.Mark != Fatal)];
        using var model = new FakeModel(Source(list));
        byte[] qemu = await RecordsAsync(MachineBench.Qemu, model, list.Length);
        byte[] real = await RecordsAsync(MachineBench.Renode, model, list.Length);
        var differences = new List<string>();
        for (int i = 0; i < list.Length; i++)
        {
            Assert.Equal(Executed, Status(qemu, i));
            uint status = Status(real, i);
            if (list[i].Mark == Lacking)
            {
                Note(status == Undefined, $"Renode has it now: {list[i].Text}");
            }
            else if (list[i].Mark == Differing)
            {
                Note(!Record(qemu, i).SequenceEqual(Record(real, i)), $"Renode has it right now: {list[i].Text}");
            }
            else if (!Record(qemu, i).SequenceEqual(Record(real, i)))
            {
                differences.Add($"{list[i].Text}: {Convert.ToHexString(Record(qemu, i))} and {Convert.ToHexString(Record(real, i))}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    private static IEnumerable<(char Mark, string Text)> List() =>
        from line in File.ReadLines(TestData.Repo("tests/Mcu.Tests/Emulation/Machines/armv8.1-m.txt"))
        where line.Length > 0 && line[0] != '#'
        select (line[0], line[2..]);

    private static string Source((char Mark, string Text)[] list)
    {
        var text = new StringBuilder();
        for (int i = 0; i < list.Length; i++)
        {
            string instruction = list[i].Text.Replace(" ; ", "\\n ", StringComparison.Ordinal).Replace(" ;", "\\n ", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"\" movw r9, #:lower16:(mcu_records+{i * RecordBytes})\\n movt r9, #:upper16:(mcu_records+{i * RecordBytes})\\n bl mcu_set_up\\n .p2align 2\\n7: nop\\n nop\\n {instruction}\\n9: nop\\n bl mcu_record\\n\"\n");
        }

        return Frame.Replace("RECORDS", list.Length.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("INSTRUCTIONS", text.ToString(), StringComparison.Ordinal);
    }

    private async Task<byte[]> RecordsAsync(string emulator, FakeModel model, int count)
    {
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, "cortex-m55");
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), TestContext.Current.CancellationToken)).Expect(StopReason.Reached);
        return await machine.ReadMemoryAsync(machine.Symbols.AddressOf("mcu_records"), count * RecordBytes, TestContext.Current.CancellationToken);
    }

    private static uint Status(byte[] records, int index) => BitConverter.ToUInt32(records, index * RecordBytes);

    private static byte[] Record(byte[] records, int index) => records[(index * RecordBytes)..((index + 1) * RecordBytes)];

    private static void Note(bool expected, string sentence)
    {
        if (!expected)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(sentence);
        }
    }
}
