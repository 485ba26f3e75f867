// Compiled by Renode together with McuAgent.cs: platform descriptions that come with Renode, without what they would fetch and what cannot be saved.
namespace Antmicro.Renode.Mcu
{
    using System;
    using System.Collections.Generic;
    using System.IO;
    using System.Reflection;
    using System.Text.RegularExpressions;

    using Antmicro.Renode.Core;
    using Antmicro.Renode.Exceptions;
    using Antmicro.Renode.Peripherals.Bus;
    using Antmicro.Renode.PlatformDescription.UserInterface;
    using Antmicro.Renode.UserInterface;

    // An SVD file names registers that no peripheral has, for the log, and nearly every one is fetched from the network. A description that
    // applies one, or uses one that does, is copied into a folder without it; others are used where they are.
    internal sealed class McuBoard
    {
        public McuBoard(string folder)
        {
            this.folder = folder;
            resolver = new PlatformDescriptionMachineExtensions.UsingResolver(ObjectCreator.Instance.GetSurrogate<Monitor>().CurrentPathPrefixes);
        }

        public void Write(string path, string name)
        {
            File.WriteAllText(Path.Combine(folder, name), string.Format("using \"{0}\"\n", WithoutSvd(path, "")));
        }

        private string WithoutSvd(string path, string user)
        {
            var file = resolver.Resolve(path, user);
            if(file == null || !File.Exists(file))
            {
                throw new RecoverableException(string.Format("There is no platform description '{0}'", path));
            }
            if(places.TryGetValue(file, out var known))
            {
                return known;
            }
            places.Add(file, file);
            var text = File.ReadAllText(file);
            var moved = false;
            var changed = Using.Replace(text, match =>
            {
                var used = resolver.Resolve(match.Groups["path"].Value, file);
                var place = WithoutSvd(match.Groups["path"].Value, file);
                moved |= place != used;
                return match.Groups["using"].Value + "\"" + place + "\"";
            });
            if(moved || Svd.IsMatch(text))
            {
                places[file] = Path.Combine(folder, string.Format("board{0}-{1}", ++copies, Path.GetFileName(file)));
                // A section needs a statement: a name for the last byte of the address space.
                File.WriteAllText(places[file], Svd.Replace(changed, "${indent}Tag <0xFFFFFFFF, 0xFFFFFFFF> \"SVD\""));
            }
            return places[file];
        }

        private static readonly Regex Svd = new Regex(@"^(?<indent>[ \t]*)ApplySVD\b[^\r\n]*", RegexOptions.Multiline);
        private static readonly Regex Using = new Regex("^(?<using>[ \\t]*using[ \\t]+)\"(?<path>[^\"]+)\"", RegexOptions.Multiline);

        private int copies;

        private readonly string folder;
        private readonly PlatformDescriptionMachineExtensions.UsingResolver resolver;
        private readonly Dictionary<string, string> places = new Dictionary<string, string>();
    }

    // Names that a description gives to addresses without a peripheral, a sorted list. Renode (commit 06854d4d1) serializes it without
    // the order of its keys, so that two of them cannot be saved and, in what is loaded, none can be added.
    internal sealed class McuTags
    {
        public McuTags(IBusController bus)
        {
            this.bus = bus;
        }

        public void TakeOff(string snapshot)
        {
            Saved[snapshot] = Tags?.GetValue(bus);
            Tags?.SetValue(bus, Copy(Saved[snapshot], Activator.CreateInstance(Saved[snapshot].GetType())));
        }

        public void PutBack(string snapshot)
        {
            Tags?.SetValue(bus, Copy(Saved[snapshot], Saved[snapshot]));
        }

        // A list in the order of one with the content of another.
        private static object Copy(object order, object content)
        {
            return Activator.CreateInstance(order.GetType(), content, order.GetType().GetProperty("Comparer").GetValue(order));
        }

        // By the file of the snapshot; this process alone loads it.
        private static readonly Dictionary<string, object> Saved = new Dictionary<string, object>();

        private static readonly FieldInfo Tags = typeof(SystemBus).GetField("tags", BindingFlags.Instance | BindingFlags.NonPublic);

        private readonly IBusController bus;
    }
}
