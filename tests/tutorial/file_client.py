import time
import socket
sk = socket.socket()
sk.connect(('127.0.0.1', 9000))
sk.send('move_info7.txt'.encode('utf-8'))       # 先传文件名
time.sleep(0.1)                                 # 防止黏包
with open(r'D:\python\day28\move_info7', 'rb') as f:
    content = f.read()                          # 文件全部读取
    sk.send(content)                            # 传输给服务端
    f.close()
sk.close()
