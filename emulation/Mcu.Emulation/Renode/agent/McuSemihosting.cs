// Compiled by Renode together with McuAgent.cs: what the agent needs of a core's semihosting.
namespace Antmicro.Renode.Mcu
{
    using System;
    using System.Collections;
    using System.Collections.Generic;
    using System.Globalization;
    using System.IO;
    using System.Linq;
    using System.Reflection;

    using Antmicro.Renode.Peripherals.CPU;

    internal interface IMcuSemihosting : IDisposable
    {
        bool Exited { get; }

        int ExitCode { get; }

        // The firmware's open files, a line each, with their places.
        IEnumerable<string> Files();

        // A snapshot cannot hold what belongs to this process: open files, hooks.
        void TakeOff();

        void PutBack();

        // Opens the files of such lines again.
        void Reopen(IEnumerable<string> files);
    }

    // One open file as a line.
    internal static class McuOpenFile
    {
        public static string Line(object handle, FileStream stream)
        {
            return string.Join("\t", handle, stream.Position, stream.CanWrite ? "ReadWriteBinary" : "ReadBinary", Path.GetFileName(stream.Name));
        }

        public static uint Handle(string line)
        {
            return uint.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture);
        }

        public static string Mode(string line)
        {
            return line.Split('\t')[2];
        }

        public static string Name(string line)
        {
            return line.Split('\t')[3];
        }

        // What was written after the line was made goes.
        public static void GoBack(string line, FileStream stream)
        {
            var position = long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
            if(stream.CanWrite)
            {
                stream.SetLength(position);
            }
            stream.Position = position;
        }
    }

    // Renode's own, of Arm.
    internal sealed class McuArmSemihosting : IMcuSemihosting
    {
        public McuArmSemihosting(SemihostingHandler handler)
        {
            this.handler = handler;
        }

        public void Dispose()
        {
        }

        public bool Exited => handler.Exited;

        public int ExitCode => handler.ExitCode ?? 0;

        public IEnumerable<string> Files()
        {
            return Entries().Where(entry => Backing(entry.Value) is FileStream).Select(entry => McuOpenFile.Line(entry.Key, (FileStream)Backing(entry.Value))).ToArray();
        }

        public void TakeOff()
        {
            taken = Entries();
            Open.Clear();
        }

        public void PutBack()
        {
            foreach(var entry in taken)
            {
                Open.Add(entry.Key, entry.Value);
            }
        }

        public void Reopen(IEnumerable<string> files)
        {
            var constructor = Open.GetType().GetGenericArguments()[1].GetConstructors(Hidden).Single();
            var modes = constructor.GetParameters()[2].ParameterType;
            foreach(var line in files)
            {
                var file = constructor.Invoke(new object[] { handler, McuOpenFile.Name(line), Enum.Parse(modes, McuOpenFile.Mode(line)) });
                McuOpenFile.GoBack(line, (FileStream)Backing(file));
                Open.Add(McuOpenFile.Handle(line), file);
            }
        }

        private List<DictionaryEntry> Entries()
        {
            var entries = new List<DictionaryEntry>();
            foreach(DictionaryEntry entry in Open)
            {
                entries.Add(entry);
            }
            return entries;
        }

        // By handle; Renode has no other way to them.
        private IDictionary Open => (IDictionary)typeof(SemihostingHandler).GetField("semihostingDescriptors", Hidden).GetValue(handler);

        private static object Backing(object file)
        {
            return file.GetType().GetField("backingStream", Hidden).GetValue(file);
        }

        private List<DictionaryEntry> taken = new List<DictionaryEntry>();

        private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

        private readonly SemihostingHandler handler;
    }
}
